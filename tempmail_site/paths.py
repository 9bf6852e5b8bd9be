"""Where an installation keeps its files: standard library only, so that the launcher can ask before Django."""

import hashlib
import os
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SYSTEM_ROOT = Path("/var/lib/tempmail-local")


def data_directory() -> Path:
    """Return DATA_DIR from the environment (relative paths: to the checkout), by default `var`."""
    return Path(os.path.realpath(CHECKOUT / os.environ.get("DATA_DIR", "var")))


def state_directory(data_dir: Path) -> Path:
    """Return the directory of what Postfix and its users touch, for the installation in `data_dir`.

    Postfix works neither below a path with a space nor where its users cannot look, and AF_UNIX paths end at
    107 bytes (unix(7)); so this path is short, and only its last part depends on `data_dir`.
    """
    real = os.path.realpath(data_dir)
    name = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    system = SYSTEM_ROOT / name
    if os.geteuid() == 0 or system.is_dir():
        return system
    return Path(tempfile.gettempdir()) / f"tempmail-local-{os.geteuid()}" / name
