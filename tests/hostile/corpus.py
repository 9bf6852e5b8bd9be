"""Real messages, where the environment names a folder of them."""

import os
from pathlib import Path

FOLDER = os.environ.get("TEMPMAIL_CORPUS")
PATHS = sorted(Path(FOLDER).glob("*/*")) if FOLDER else []


def small() -> list[bytes]:
    """Those that are small enough to be changed many times."""
    return [path.read_bytes() for path in PATHS if path.stat().st_size < 20_000]
