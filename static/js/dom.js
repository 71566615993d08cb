// Small helpers that every module shares.

/** The CSRF token of this page, from the headers that htmx sends too. */
export function csrfToken() {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? JSON.parse(headers)["X-CSRFToken"] : "";
}

/** Listen on the document for events on elements that match, also on those that come later. */
export function on(type, selector, listener, options) {
  document.addEventListener(
    type,
    (event) => {
      const target = event.target instanceof Element ? event.target.closest(selector) : null;
      if (target) listener(event, target);
    },
    options,
  );
}

/** A clone of the first element inside a <template>. */
export function clone(template) {
  return template.content.firstElementChild.cloneNode(true);
}

const BY_STATUS = {
  0: "The server cannot be reached. Check the connection and try again.",
  400: "The server did not understand that. Reload the page and try again.",
  403: "You may not do this. If the page is old, reload it.",
  404: "That is not there any more. Reload the page.",
  413: "That is too large for one upload.",
  429: "Too many requests at once. Wait a moment and try again.",
  503: "The site is busy or starting. Try again in a moment.",
};

/** What to tell a person about a failed XMLHttpRequest: the server's own words where it has some. */
export function errorMessage(xhr) {
  const type = xhr.getResponseHeader?.("Content-Type") ?? "";
  if (type.includes("json")) {
    try {
      const message = JSON.parse(xhr.responseText)?.error?.message;
      if (message) return message;
    } catch {
      // Not the JSON that it claims to be: the status says enough.
    }
  }
  if (type.startsWith("text/plain") && xhr.responseText.length < 300) return xhr.responseText;
  return BY_STATUS[xhr.status] ?? `Something went wrong on the server (${xhr.status}). Try again.`;
}

/** Whether the answer is the login page: the session has ended while the page stood open. */
export function isLoginPage(xhr) {
  const login = document.body.dataset.loginUrl;
  if (!login || !xhr.responseURL) return false;
  return new URL(xhr.responseURL).pathname === new URL(login, location.href).pathname;
}

/** Go to the login and come back here. */
export function goToLogin() {
  const here = location.pathname + location.search;
  location.assign(`${document.body.dataset.loginUrl}?next=${encodeURIComponent(here)}`);
}
