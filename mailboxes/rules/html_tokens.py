"""Splits HTML into tags and text, always in linear time, whatever the sender wrote.

html.parser is quadratic on unclosed comments and tags in Python 3.11; this is not: where the end of
a construct is missing, the rest of the document belongs to it, as in browsers.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

# A quote means something only behind an equals sign (HTML Standard 13.2.5.37); values without
# quotes end at white space or ">". Possessive, so that a failed match costs its length once.
_VALUE = r"=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>\"'][^\s>]*+)?+"
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)((?:[^=>]++|{_VALUE})*+)>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s>]++))?")
_START = re.compile(r"<(?=[a-zA-Z/!?])")
# Their content is text up to their own end tag (HTML Standard 13.2.5, RAWTEXT and RCDATA).
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_RAW_NAMES = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_NAMES}


@dataclass(frozen=True, slots=True)
class Token:
    """A start tag ('a'), an end tag ('/a') or text (''); `data` is its attributes or its text.

    The text of a raw element such as style comes in a token named like '#style'.
    """

    name: str
    data: str


def tokens(markup: str) -> Iterator[Token]:
    """The tokens of `markup`; comments, declarations and processing instructions are left out."""
    position = 0
    while start := _START.search(markup, position):
        if start.start() > position:
            yield Token("", markup[position : start.start()])
        tag = _TAG.match(markup, start.start())
        if not tag:
            position = _end_of_other(markup, start.start())
            continue
        name = tag[2].lower()
        yield Token(tag[1] + name, tag[3])
        position = tag.end()
        if name in _RAW_END and not tag[1]:
            end = _RAW_END[name].search(markup, position)
            stop = end.start() if end else len(markup)
            yield Token("#" + name, markup[position:stop])
            position = stop
    if position < len(markup):
        yield Token("", markup[position:])


def attributes(data: str) -> dict[str, str]:
    """The attributes of a start tag, names in lower case, the first of each counts."""
    found: dict[str, str] = {}
    for name, value in _ATTRIBUTE.findall(data):
        if value[:1] in ('"', "'"):
            value = value[1:-1] if value[-1] == value[0] else value[1:]
        found.setdefault(name.lower(), unescape(value))
    return found


def unescape(text: str) -> str:
    """`text` with its character references decoded; those with absurdly many digits vanish."""
    if "&" not in text:
        return text
    try:
        return html.unescape(text)
    except ValueError:  # Python refuses to convert thousands of digits
        return html.unescape(_LONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text))


def _end_of_other(markup: str, start: int) -> int:
    """Where the comment, declaration or unfinished tag at `start` ends."""
    is_comment = markup.startswith("<!--", start)
    if is_comment and markup.startswith((">", "->"), start + 4):
        return markup.index(">", start) + 1
    end = markup.find("-->" if is_comment else ">", start + (4 if is_comment else 1))
    if end < 0 or markup[start + 1].isalpha():
        return len(markup)
    return end + (3 if is_comment else 1)
