"""CSS of mail with everything taken out that loads, runs or covers the page.

Functions are kept by a list of harmless ones, so that url(), expression(), image-set() and what
browsers may yet invent go. Filtered with tinycss2; a sandboxed frame and its policy stand behind.
"""

import re
from collections.abc import Iterable
from typing import Any

import tinycss2

MAX_CHARACTERS = 300_000
_MAX_NESTING = 4

_COLOURS = "rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix light-dark"
_NUMBERS = "calc min max clamp var minmax repeat fit-content cubic-bezier steps attr counter"
_GRADIENTS = "linear-gradient radial-gradient conic-gradient repeating-linear-gradient"
_SHAPES = "repeating-radial-gradient rect inset circle ellipse polygon gradient color-stop from to"
_TRANSFORMS = (
    "translate translatex translatey translate3d scale scalex scaley rotate skew skewx skewy matrix"
)
_FILTERS = "blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia"
_FUNCTIONS = frozenset(
    " ".join((_COLOURS, _NUMBERS, _GRADIENTS, _SHAPES, _TRANSFORMS, _FILTERS)).split()
)
_VENDOR = re.compile(r"^-(?:webkit|moz|ms|o)-")
_POSITIONS = {"static", "relative", "absolute", "inherit", "initial", "unset"}
_FORBIDDEN = {
    *("behavior", "-ms-behavior", "-moz-binding", "binding", "src", "-webkit-user-modify"),
    *("color-scheme", "supported-color-schemes", "forced-color-adjust"),
}
# Without parentheses, escapes, at-rules and custom properties there is nothing to load or to run.
_HARMLESS = re.compile(
    r"(?!.*(?:position|behavior|binding|color-scheme|color-adjust|--))[\w\s:;#%.,!/+'\"-]*",
    re.I | re.S,
)
_REMOTE = re.compile(r"\s*(?:https?:|//|ftp:)", re.IGNORECASE)
_NESTED = {"media", "supports", "keyframes", "-webkit-keyframes", "-moz-keyframes"}


class Filter:
    """Filters CSS and counts in `blocked` the remote resources that it removed."""

    def __init__(self) -> None:
        self.blocked = 0
        self._budget = MAX_CHARACTERS
        self._known: dict[str, str] = {}

    def declarations(self, text: str) -> str:
        """A style attribute's declarations; '' once 300,000 characters needed a close look."""
        if len(text) < 10_000 and _HARMLESS.fullmatch(text):
            return text
        if text not in self._known:
            self._budget -= len(text)
            self._known[text] = self._guarded(self._attribute, text)
        return self._known[text]

    def stylesheet(self, text: str) -> str:
        """The content of a style element, without '<', so that it cannot end the element."""
        self._budget -= len(text)
        return self._guarded(self._sheet, text)

    def _guarded(self, work: Any, text: str) -> str:
        if self._budget < 0:
            return ""
        try:
            return str(work(text)).replace("<", "\\3c ")
        # tinycss2 writes nested blocks recursively, and Python refuses to convert thousands of digits.
        except (RecursionError, ValueError, OverflowError):
            return ""

    def _attribute(self, text: str) -> str:
        return self._declarations(tinycss2.parse_declaration_list(text, True, True))

    def _sheet(self, text: str) -> str:
        return self._rules(tinycss2.parse_stylesheet(text, True, True), 0)

    def _rules(self, rules: Iterable[Any], depth: int) -> str:
        return "\n".join(filter(None, (self._rule(rule, depth) for rule in rules)))

    def _rule(self, rule: Any, depth: int) -> str:
        if rule.type == "qualified-rule":
            declared = tinycss2.parse_declaration_list(rule.content, True, True)
            kept = self._declarations(declared)
            return f"{tinycss2.serialize(rule.prelude)}{{{kept}}}" if kept else ""
        if rule.type != "at-rule":
            return ""
        if rule.lower_at_keyword not in _NESTED or rule.content is None or depth >= _MAX_NESTING:
            self._count([*rule.prelude, *(rule.content or [])])
            return ""
        condition = tinycss2.serialize(rule.prelude)
        if "prefers-color-scheme" in condition.lower():
            # The page decides: half of a mail's dark colours on a light ground cannot be read.
            self._count(rule.content)
            return ""
        inner = self._rules(tinycss2.parse_rule_list(rule.content, True, True), depth + 1)
        return f"@{rule.lower_at_keyword}{condition}{{{inner}}}"

    def _declarations(self, declared: Iterable[Any]) -> str:
        return ";".join(filter(None, (self._declaration(item) for item in declared)))

    def _declaration(self, item: Any) -> str:
        if item.type != "declaration":
            if item.type == "at-rule":
                self._count([*item.prelude, *(item.content or [])])
            return ""
        name, value = item.lower_name, item.value
        if name.startswith("background"):
            value = [self._without_image(token) for token in value]
        if name in _FORBIDDEN or not self._allowed(name, value):
            self._count(value)
            return ""
        important = "!important" if item.important else ""
        # Not token by token: without the comment between them, `url/**/(...)` would become a url().
        return f"{name}:{tinycss2.serialize(value).strip()}{important}"

    def _without_image(self, token: Any) -> Any:
        """The colour of a background stays readable when its image goes."""
        if _is_url(token):
            self._count([token])
            return tinycss2.ast.IdentToken(token.source_line, token.source_column, "none")
        return token

    def _allowed(self, name: str, value: Iterable[Any]) -> bool:
        tokens = list(_flat(value))
        if name.lstrip("-") == "position":
            words = {token.lower_value for token in tokens if token.type == "ident"}
            return words <= _POSITIONS and not any(token.type == "function" for token in tokens)
        return all(_harmless(token) for token in tokens)

    def _count(self, value: Iterable[Any]) -> None:
        for token in _flat(value):
            if token.type in ("url", "string") and _REMOTE.match(token.value):
                self.blocked += 1


def _is_url(token: Any) -> bool:
    return bool(token.type == "url" or (token.type == "function" and token.lower_name == "url"))


def _harmless(token: Any) -> bool:
    if token.type == "function":
        return _VENDOR.sub("", token.lower_name) in _FUNCTIONS
    return token.type not in ("url", "error", "at-keyword", "{} block")


def _flat(value: Iterable[Any]) -> Iterable[Any]:
    """All tokens at any depth, without recursion."""
    waiting = list(value)
    while waiting:
        token = waiting.pop()
        yield token
        waiting.extend(getattr(token, "arguments", None) or getattr(token, "content", None) or ())
