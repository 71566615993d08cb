"""Forms of rendered pages, posted the way a browser would post them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client


class _Fields(HTMLParser):
    """Collects what the page's post forms would send, field by field."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.choices: dict[str, list[str]] = {}
        self._form: dict[str, list[str]] | None = None
        self._select: tuple[str, bool, bool] | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        self._template = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value if value is not None else "" for name, value in attrs}
        if tag == "template":
            self._template += 1
        if self._template:
            return
        if tag == "form" and found.get("method", "").lower() == "post":
            self._form = {}
            self.forms.append(self._form)
        if self._form is None or ("name" not in found and tag != "option"):
            return
        if tag == "input" and "disabled" not in found:
            self._input(found)
        elif tag == "select":
            self._select = (found["name"], "multiple" in found, "disabled" in found)
            self._options = []
        elif tag == "option" and self._select:
            self._options.append((found.get("value", ""), "selected" in found))
        elif tag == "textarea" and "disabled" not in found:
            self._area = found["name"]
            self._form[self._area] = [""]

    def _input(self, found: dict[str, str]) -> None:
        assert self._form is not None
        kind = found.get("type", "text")
        if kind in {"submit", "button", "file", "image", "reset"}:
            return
        if kind in {"checkbox", "radio"} and "checked" not in found:
            return
        self._form.setdefault(found["name"], []).append(
            found.get("value", "on" if kind == "checkbox" else "")
        )

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._template -= 1
        elif tag == "form":
            self._form = None
        elif tag == "textarea" and self._area is not None and self._form is not None:
            # A browser drops the first line break of a textarea.
            self._form[self._area][0] = self._form[self._area][0].removeprefix("\n")
            self._area = None
        elif tag == "select" and self._select and self._form is not None:
            self._end_select()

    def _end_select(self) -> None:
        assert self._select is not None
        assert self._form is not None
        name, multiple, disabled = self._select
        self._select = None
        self.choices[name] = [value for value, _ in self._options]
        chosen = [value for value, selected in self._options if selected]
        if not chosen and not multiple:
            # Without a selected one, a browser sends the first.
            chosen = self.choices[name][:1]
        if chosen and not disabled:
            self._form[name] = chosen


class BrowserForm:
    """The main form of a page: its fields as they stand, to be changed and posted."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address
        self.page = client.get(address)
        assert self.page.status_code == 200, self.page.status_code
        parser = _Fields()
        parser.feed(self.page.content.decode())
        self.fields = max(parser.forms, key=len)
        self.choices = parser.choices

    def __getitem__(self, name: str) -> str:
        return self.fields[name][0]

    def __setitem__(self, name: str, value: Any) -> None:
        self.fields[name] = list(value) if isinstance(value, list) else [str(value)]

    def add_row(self, prefix: str, **values: Any) -> None:
        """Press "add another" of an inline and fill the new row in."""
        number = int(self[f"{prefix}-TOTAL_FORMS"])
        self[f"{prefix}-TOTAL_FORMS"] = number + 1
        start = f"{prefix}-__prefix__-"
        for name in [name for name in self.fields if name.startswith(start)]:
            self.fields[f"{prefix}-{number}-{name.removeprefix(start)}"] = self.fields[name]
        for name, value in values.items():
            self[f"{prefix}-{number}-{name}"] = value

    def row_of(self, prefix: str, name: str, value: Any) -> str:
        """The start of the names of the row in which a field has a value."""
        for field, values in self.fields.items():
            of_field = field.startswith(f"{prefix}-") and field.endswith(f"-{name}")
            if of_field and values == [str(value)]:
                return field.removesuffix(name)
        raise AssertionError(f"no row of {prefix} with {name} = {value}")

    def save(self, button: str = "_save") -> HttpResponse:
        """Post the form; the page that answers, redirects followed."""
        return self._client.post(self._address, {**self.fields, button: "Save"}, follow=True)


def texts(response: HttpResponse) -> list[str]:
    """The messages on a page."""
    return [str(message) for message in response.context["messages"]]
