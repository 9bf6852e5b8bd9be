"""The tag that draws a QR code in a page."""

from django import template

from mailboxes.web import qr

register = template.Library()


@register.inclusion_tag("mailboxes/qr.svg")
def qr_code(text: str) -> dict[str, object]:
    """Draw `text`; what is around it says what it is."""
    return qr.drawing(text)
