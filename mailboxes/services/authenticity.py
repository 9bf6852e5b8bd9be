"""Which of a message's claims about its sender our own milters have checked."""

from django.conf import settings

from mailboxes.rules import authentication


def verdicts(raw: bytes) -> str:
    """Return what our milters found, as authentication.decode reads it; empty without milters: nothing is ours then."""
    if not settings.SMTPD_MILTERS or not settings.AUTHSERV_ID:
        return ""
    return authentication.read(raw, settings.AUTHSERV_ID)
