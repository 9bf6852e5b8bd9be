"""Environment files as systemd reads them: NAME=value, a line each (systemd.exec(5))."""

import re
from pathlib import Path

_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def read(path: Path) -> dict[str, str]:
    """Return what an environment file sets (systemd.exec(5), without its quoting of line ends)."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = (_LINE.fullmatch(line.strip()) for line in lines)
    return {match[1]: match[2].strip("\"'") for match in found if match}
