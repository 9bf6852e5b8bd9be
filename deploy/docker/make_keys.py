"""`python -m deploy.docker.make_keys`: the keys of an instance of compose.yaml, made once and never overwritten.

The keys of the service and the password of its database go where the site's containers look; the password alone to a
second place, for PostgreSQL's image (POSTGRES_PASSWORD_FILE).
"""

import os
import secrets
from pathlib import Path

from tempmail_site import secrets_file

KEYS = Path("/var/lib/tempmail/keys")
PASSWORD = Path("/var/lib/tempmail/database/password")
DATABASE = "postgresql:5432:tempmail:tempmail"  # host, port, database, user: pgpass(5)


def main(keys: Path = KEYS, password: Path = PASSWORD) -> None:
    """Make what is missing. Raises OSError."""
    secrets_file.ensure(keys / "secrets.env")
    if not password.exists():
        # PostgreSQL's image reads it as a user of its own
        _write(password, secrets.token_urlsafe(32), 0o644)
    _write(keys / "pgpass", f"{DATABASE}:{password.read_text()}\n", 0o600)


def _write(path: Path, text: str, mode: int) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
    fresh.replace(path)


if __name__ == "__main__":
    main()
