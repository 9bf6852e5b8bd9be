"""What is measured: a Postfix with something behind it, ours or a peer's."""

from collections.abc import Mapping
from typing import Protocol

from deploy.local.mail_server import Postfix


class Contender(Protocol):
    """One way from an SMTP connection to where the message stays."""

    name: str
    what: str
    domain: str

    @property
    def postfix(self) -> Postfix:
        """Its Postfix, running."""

    def families(self) -> Mapping[str, int]:
        """Return the process families other than Postfix: name and process id of each one's root."""

    def stored(self) -> int | None:
        """Return how many messages it holds; None where none is kept."""
