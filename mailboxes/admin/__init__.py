"""Django's admin. It finds its registrations here; content of visitors' mail is in none of them."""

from mailboxes.admin import access, domains

__all__ = ["access", "domains"]
