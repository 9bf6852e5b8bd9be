"""The environment of an instance's Django processes, and of manage.py run for it."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.leftovers import MARKER
from deploy.local.owner import Owner
from tempmail_site import secrets_file

# Of the caller's environment: the keys are those of DATA_DIR, the servers the instance's own, and make's is make's.
_NOT_OURS = re.compile(
    "|".join(
        [
            *secrets_file.NAMES,
            "DJANGO_.*",
            "DATABASE_URL",
            "REDIS_URL",
            "LOG_FILE",
            "POSTFIX_(?:CONFIG|DATA)_DIR",
            "QUEUE_DIRECTORY",
            "DELIVERY_SCRIPT",
            "MAIL_LOG",
            "SUDO_.*",
            "MAKE.*",
            "MFLAGS",
        ]
    )
)


def environment(
    data_dir: Path, state_dir: Path, owner: Owner, values: Mapping[str, str]
) -> dict[str, str]:
    """Return the caller's environment with what belongs to this instance; empty `values` are left out."""
    env = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
    env |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin",
        "HOME": owner.home,
        "USER": owner.name,
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(data_dir),
        "STATE_DIR": str(state_dir),
        MARKER: str(state_dir),
    }
    return env | {name: value for name, value in values.items() if value}
