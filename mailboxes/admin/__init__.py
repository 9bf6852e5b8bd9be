"""Django's admin for operators. The content of visitors' mail is in no page of it."""

from mailboxes.admin import (
    access,
    accounts,
    blocks,
    domains,
    mailboxes,
    operator_mail,
    records,
    reports,
)

__all__ = [
    "access",
    "accounts",
    "blocks",
    "domains",
    "mailboxes",
    "operator_mail",
    "records",
    "reports",
]
