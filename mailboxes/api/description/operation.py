"""What the description says of one operation beyond what its code says by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BINARY = "application/octet-stream"
MESSAGE = "message/rfc822"
STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Operation:
    """`codes`, `headers` and `examples` are by status; `parameters` are examples by name."""

    tag: str
    summary: str
    answers: Mapping[int, str]
    examples: Mapping[int, Any] = field(default_factory=dict)
    requests: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    media: str = "application/json"
    links: Mapping[int, Mapping[str, tuple[str, Mapping[str, str], str]]] = field(
        default_factory=dict
    )
    without_token: bool = False
