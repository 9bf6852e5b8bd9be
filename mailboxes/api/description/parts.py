"""What the reference page is drawn from."""

from dataclasses import dataclass

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a member of a JSON object; members of members have dotted names."""

    name: str
    kind: str
    place: str
    required: bool
    bounds: tuple[str, ...]
    text: SafeString


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent or answered: its media type, its members, and an example."""

    media: str
    fields: tuple[Field, ...]
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One status; `shared` names the answer of many operations that this is, told once on the page."""

    status: str
    text: SafeString
    headers: tuple[Field, ...]
    bodies: tuple[Body, ...]
    shared: str = ""

    @property
    def is_good(self) -> bool:
        """Tell whether it is a success."""
        return self.status < "400"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    text: SafeString
    schemes: tuple[str, ...]
    parameters: tuple[Field, ...]
    bodies: tuple[Body, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations with one tag."""

    name: str
    text: SafeString
    calls: tuple[Call, ...]
