"""Whether the HTML of a mail is cheap enough for a browser's parsing algorithm."""

from collections import Counter

from mailboxes.rules import html_tokens

MAX_CHARACTERS = 2_500_000
MAX_TAGS = 100_000
MAX_DEPTH = 250
MAX_RECONSTRUCTED = 2_000_000
"""Tags times formatting elements left open: the HTML Standard (13.2.4.3) opens all of these
again in each new block, so a short text can become millions of elements."""

_VOID_NAMES = "area base br col embed hr img input link meta param source track wbr"
_FORMATTING_NAMES = "a b big code em font i nobr s small strike strong tt u"
_VOID = set(_VOID_NAMES.split())
_FORMATTING = set(_FORMATTING_NAMES.split())


class Gauge:
    """Fed with tokens, it knows depth and cost of the document."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._count: Counter[str] = Counter()
        self._formatting: Counter[str] = Counter()
        self._tags = self._depth = self._left_open = self._most_left_open = 0

    def add(self, token: html_tokens.Token) -> None:
        """Take the next token into account."""
        if not token.name or token.name[0] == "#":
            return
        self._tags += 1
        if token.name[0] == "/":
            self._end(token.name[1:])
        elif token.name not in _VOID:
            self._start(token.name)

    def too_costly(self) -> bool:
        """Whether a parser should be spared this document."""
        return (
            self._tags > MAX_TAGS
            or self._depth > MAX_DEPTH
            or self._tags * self._most_left_open > MAX_RECONSTRUCTED
        )

    def _start(self, name: str) -> None:
        self._open.append(name)
        self._count[name] += 1
        self._depth = max(self._depth, len(self._open))
        if name in _FORMATTING:
            self._formatting[name] += 1
            self._left_open += 1
            self._most_left_open = max(self._most_left_open, self._left_open)

    def _end(self, name: str) -> None:
        if self._formatting[name] > 0:
            self._formatting[name] -= 1
            self._left_open -= 1
        if not self._count[name]:
            return
        while True:
            closed = self._open.pop()
            self._count[closed] -= 1
            if closed == name:
                return
