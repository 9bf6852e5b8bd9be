"""The checks, a module for each group."""

import importlib

_MODULES = (
    "site_settings",
    "site_names",
    "keys",
    "versions",
    "permissions",
    "database",
    "postgresql",
    "sqlite",
    "redis_server",
    "worker",
    "postfix_files",
    "postfix_server",
    "mail_queue",
    "tasks",
    "purge",
    "site",
    "certificates",
    "dns",
    "clock",
    "disks",
    "machine",
    "logs",
    "backups",
)


def load() -> None:
    """Have every check registered, in the order of the modules; again changes nothing."""
    for name in _MODULES:
        importlib.import_module(f"{__name__}.{name}")
