"""Numbers of JSON bodies. What is a string or a boolean in JSON is no number, unlike in a query."""

from typing import Annotated

from ninja import Field
from pydantic import BeforeValidator

from mailboxes.rules import lifetimes


def _is_number(value: object) -> object:
    if isinstance(value, str | bool):
        raise ValueError("not a number")
    return value


# The bounds first: pydantic's schema has only those of the type itself.
Lifetime = Annotated[
    int, Field(ge=lifetimes.MINIMUM, le=lifetimes.MAXIMUM), BeforeValidator(_is_number)
]
