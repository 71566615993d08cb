// Brings an element up to date with a newer form of it and leaves alone what is the same: the text
// that is marked, the focus, what is open, typed or scrolled stays, and nothing is drawn twice.

const alike = (old, fresh) => old.nodeName === fresh.nodeName && (old.id ?? "") === (fresh.id ?? "");

/** Details that a person opens stay as they are: the server knows nothing of it. */
const isOwn = (element, name) => name === "open" && element.matches("details[data-keep-open]");

function morphText(old, fresh) {
  let same = 0;
  while (same < old.length && old.data[same] === fresh.data[same]) same += 1;
  // Only the end is touched, so that what is marked before it stays marked.
  if (same < old.length || same < fresh.length) {
    old.replaceData(same, old.length - same, fresh.data.slice(same));
  }
}

function morphAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isOwn(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphChildren(old, fresh) {
  let at = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    let same = at;
    while (same && !alike(same, node)) same = same.nextSibling;
    if (!same) {
      old.insertBefore(node, at);
      continue;
    }
    while (at !== same) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
    at = same.nextSibling;
    morph(same, node);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Make `old` what `fresh` is; both are nodes of the same kind. Takes what is new out of `fresh`. */
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old instanceof CharacterData) {
    morphText(old, fresh);
    return;
  }
  const was = old.defaultChecked;
  morphAttributes(old, fresh);
  // What was ticked by hand would stay so for ever: the server has decided meanwhile.
  if (old.defaultChecked !== was) old.checked = old.defaultChecked;
  morphChildren(old, fresh);
}
