"""The tables. Django finds models here; the code imports the module that owns one."""

from mailboxes.models import abuse, access, domains, mailboxes, messages, records, webhooks

__all__ = ["abuse", "access", "domains", "mailboxes", "messages", "records", "webhooks"]
