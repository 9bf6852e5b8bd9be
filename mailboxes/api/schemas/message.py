"""One message in full. Sizes are bytes."""

from ninja import Schema

from mailboxes.api.schemas.mailbox import EmailItem


class LinkOut(Schema):
    """A link in the text, or else in the HTML. `confirmation`: by it an address, account or sign-in is confirmed."""

    url: str
    text: str
    confirmation: bool


class AttachmentOut(Schema):
    """`id` counts from 1. `detected_type` is what the first bytes tell, null where they do not; `sha256` is hex."""

    id: int
    filename: str
    declared_type: str
    detected_type: str | None
    size: int
    sha256: str
    url: str


class EmailOut(EmailItem):
    """A whole message. `html` is made safe; `partial`: it could not be read in full."""

    text: str
    html: str
    headers: list[tuple[str, str]]
    links: list[LinkOut]
    attachments: list[AttachmentOut]
    partial: bool
