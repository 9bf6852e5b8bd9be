"""The tables. Django finds models here; the code imports the module that owns one."""

from mailboxes.models import access, domains, mailboxes, messages, records

__all__ = ["access", "domains", "mailboxes", "messages", "records"]
