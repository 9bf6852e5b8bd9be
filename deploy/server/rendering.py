"""Renders configuration templates: `x.conf.in`, in which @NAME@ stands for a value."""

import re
from collections.abc import Mapping
from pathlib import Path

_PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")
_WORD = re.compile(
    r"[A-Za-z0-9_./:\[\]@%+ =,*-]*"
)  # nothing that a configuration would expand, quote or continue


def render(template: Path, values: Mapping[str, str]) -> str:
    """Return the template's text with each @NAME@ replaced by its value.

    Raises ValueError for a placeholder without a value, and for a value that a configuration could read as more than a
    word. Values that the template does not use are left out. Raises OSError when there is no such template.
    """
    text = template.read_text(encoding="utf-8")
    names = set(_PLACEHOLDER.findall(text))
    if unknown := sorted(names - values.keys()):
        raise ValueError(f"{template.name}: no value for {', '.join(unknown)}")
    for name in sorted(names):
        _check(name, values[name])
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _check(name: str, value: str) -> None:
    if not _WORD.fullmatch(value) or _PLACEHOLDER.search(value):
        raise ValueError(f"{name} cannot be written into a configuration file: {value!r}")
