"""Text from the HTML of mail, and HTML from its text: bounded, linear, nothing fetched."""

import html
import re
from collections import Counter

from mailboxes.rules import html_tokens, strings

MAX_CHARACTERS = 1_000_000
"""HTML beyond this is not read for its text (the HTML itself stays whole)."""

_HIDDEN = {"head", "select", "svg", "math", "object", "template", "noembed"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "table"}
_LINES = {
    *("address", "article", "aside", "br", "center", "dd", "div", "dt", "fieldset", "footer"),
    *("form", "header", "li", "main", "nav", "pre", "section", "tr", "body", "caption"),
}
_SPACE = re.compile(r"[ \t\r\n\f]+")
# Blocks begin a line unless they are at one already; \n comes from <br> and paragraphs.
_BLOCK = "\x1e"
# Starts only where a run of spaces does: a run without a line end behind it costs its length once.
_BLANKS = re.compile(r"(?<! ) *+[\n\x1e][ \n\x1e]*+")
# Fillers that senders put behind preview texts: soft hyphens, joiners, zero-width spaces.
_FILLERS = str.maketrans(dict.fromkeys([0xAD, 0x34F, 0x61C, 0x200B, 0x2060, 0xFEFF]))
_LINK = re.compile(r"(?:https?|mailto):[^\s<>]{1,2000}", re.IGNORECASE)


def to_text(markup: str) -> str:
    r"""Readable text: blocks on lines, list marks, image texts, link targets as "text <target>"."""
    return _read(markup).result()


def to_links(markup: str) -> list[tuple[str, str]]:
    """The targets of links with what is shown for them, in the order of the document; the hidden ones are left out."""
    return _read(markup).links


def from_text(text: str) -> str:
    """Escaped HTML that shows `text` as it is; '' for blank text."""
    if not text.strip():
        return ""
    return f'<div style="white-space:pre-wrap">{html.escape(text)}</div>'


def _read(markup: str) -> "_Writer":
    writer = _Writer()
    for token in html_tokens.tokens(markup[:MAX_CHARACTERS]):
        if token.name:
            writer.tag(token.name, token.data)
        else:
            writer.text(token.data)
    return writer


class _Writer:
    def __init__(self) -> None:
        self.links: list[tuple[str, str]] = []
        self._pieces: list[str] = []
        self._hidden: list[str] = []
        self._hidden_names: Counter[str] = Counter()
        self._preformatted = 0
        self._link = ""
        self._link_start = 0

    def text(self, data: str) -> None:
        if self._hidden:
            return
        data = html_tokens.unescape(data)
        data = data.replace("\xa0", " ")
        self._pieces.append(
            data.replace("\n", "\v") if self._preformatted else _SPACE.sub(" ", data)
        )

    def tag(self, name: str, data: str) -> None:
        bare = name.lstrip("/")
        if bare in _HIDDEN:
            self._hide(name, bare)
        elif self._hidden or name.startswith("#"):
            if name == "body":
                self._hidden.clear()
                self._hidden_names.clear()
            return
        elif bare == "a":
            self._anchor(name, data)
        elif bare == "img":
            self._image(data)
        else:
            self._break(name, bare)

    def _hide(self, name: str, bare: str) -> None:
        if name == bare:
            self._hidden.append(bare)
            self._hidden_names[bare] += 1
        elif self._hidden_names[bare]:
            closed = ""
            while closed != bare:
                closed = self._hidden.pop()
                self._hidden_names[closed] -= 1

    def _anchor(self, name: str, data: str) -> None:
        if self._link:
            shown = "".join(self._pieces[self._link_start :]).strip()
            self.links.append((self._link, _SPACE.sub(" ", shown)))
            if self._link.removeprefix("mailto:") not in shown:
                self._pieces.append(f" <{self._link}>" if shown else f"<{self._link}>")
        self._link = ""
        if name == "a":
            target = _LINK.match(html_tokens.attributes(data).get("href", "").strip())
            self._link, self._link_start = target[0] if target else "", len(self._pieces)

    def _image(self, data: str) -> None:
        if "alt" in data.lower():
            self._pieces.append(_SPACE.sub(" ", html_tokens.attributes(data).get("alt", "")))

    def _break(self, name: str, bare: str) -> None:
        if bare in _PARAGRAPHS:
            self._pieces.append("\n\n")
        elif bare in _LINES:
            line = "\n" if bare == "br" else _BLOCK
            self._pieces.append(_BLOCK + "- " if name == "li" else line)
        elif bare == "hr":
            self._pieces.append("\n\n---\n\n")
        elif name in ("/td", "/th"):
            self._pieces.append(" ")
        if bare == "pre":
            self._preformatted = max(0, self._preformatted + (1 if name == "pre" else -1))

    def result(self) -> str:
        text = "".join(self._pieces).translate(_FILLERS)
        text = _BLANKS.sub(_blank_lines, text)
        text = re.sub(r"(?<=\S) {2,}", " ", text)
        return strings.block(text.replace("\v", "\n")).strip()


def _blank_lines(found: re.Match[str]) -> str:
    breaks = found[0].count("\n")
    empty_line = breaks > 1 or (breaks == 1 and found[0].lstrip(" ").startswith(_BLOCK))
    return "\n\n" if empty_line else "\n"
