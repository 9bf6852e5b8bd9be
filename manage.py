#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["doctor"]:
        from tempmail_site.doctor import unreadable

        unreadable.exit_if_settings_cannot_be_read(sys.argv[2:])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
