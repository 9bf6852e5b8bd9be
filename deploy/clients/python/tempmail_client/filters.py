"""Which mail is meant: what the server compares, and what only we can."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tempmail_client.messages import Item

Text = str | re.Pattern[str]
Has = Literal["code", "attachment"]


@dataclass(frozen=True, slots=True)
class Filter:
    """All of it must fit. Strings are looked for anywhere, whatever their case; patterns are searched for."""

    subject: Text | None = None
    sender: Text | None = None
    has: tuple[Has, ...] = ()
    since: datetime | None = None
    match: Callable[[Item], bool] | None = None

    def parameters(self) -> dict[str, Any]:
        """What the server compares."""
        texts = {"subject": self.subject, "from": self.sender}
        found: dict[str, Any] = {name: text for name, text in texts.items() if _is_text(text)}
        if self.has:
            found["has"] = list(self.has)
        if self.since:
            found["since"] = self.since.astimezone().isoformat()
        return found

    def fits(self, item: Item) -> bool:
        """Compare what the server cannot."""
        return (
            _is_found(self.subject, item.subject)
            and _is_found(self.sender, f"{item.sender.name} <{item.sender.address}>")
            and (self.match is None or self.match(item))
        )

    def __str__(self) -> str:
        words = [f"{name} {_words(text)}" for name, text in self._texts() if text is not None]
        words += [f"a {what}" if what == "code" else f"an {what}" for what in self.has]
        words += ["what `match` asks for"] if self.match else []
        return f" with {', '.join(words)}" if words else ""

    def _texts(self) -> list[tuple[str, Text | None]]:
        return [("subject", self.subject), ("sender", self.sender)]


def has_of(has: Has | tuple[Has, ...]) -> tuple[Has, ...]:
    """Return one or several as several."""
    return (has,) if isinstance(has, str) else tuple(has)


def _is_text(text: Text | None) -> bool:
    return isinstance(text, str) and text != ""


def _is_found(wanted: Text | None, text: str) -> bool:
    return not isinstance(wanted, re.Pattern) or wanted.search(text) is not None


def _words(text: Text) -> str:
    return f"/{text.pattern}/" if isinstance(text, re.Pattern) else repr(text)
