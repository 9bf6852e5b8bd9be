"""Several management commands in one process, which loads Django once: `[["migrate"], ["check", "--deploy"]]`."""

import json
import os
import sys


def main() -> None:
    """Run the commands of the first argument (JSON) in order; the first that fails ends it with its exception."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")
    import django
    from django.core.management import call_command

    django.setup()
    for name, *arguments in json.loads(sys.argv[1]):
        print(f"{name}:", file=sys.stderr, flush=True)
        call_command(name, *arguments)


if __name__ == "__main__":
    main()
