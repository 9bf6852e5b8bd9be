"""The keys of an installation: made once, kept in one file with mode 0600, never printed."""

import base64
import contextlib
import os
import secrets
import sys
from pathlib import Path

NAMES = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "ADDRESS_DIGEST_KEY", "RECEIPT_KEY", "OPERATOR_KEY")


def ensure(path: Path) -> None:
    """Create the keys at `path` unless the file is there. Of concurrent callers one wins, complete or not at all.

    Raises OSError when the directory cannot be written.
    """
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(_new_keys())
            file.flush()
            os.fsync(file.fileno())
        # link(2) refuses an existing name: a concurrent winner is never overwritten
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()


def _new_keys() -> str:
    keys = {name: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() for name in NAMES}
    keys["SECRET_KEY"] = secrets.token_urlsafe(48)
    keys["SECRET_KEY_FALLBACKS"] = ""
    return "".join(f"{name}={value}\n" for name, value in keys.items())


if __name__ == "__main__":
    ensure(Path(sys.argv[1]))
