"""The app that owns tables and rules."""

from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "mailboxes"
    verbose_name = "Mailboxes"

    def ready(self) -> None:
        """Have Django know our checks."""
        from mailboxes import checks  # noqa: F401
