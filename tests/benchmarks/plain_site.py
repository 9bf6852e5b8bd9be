"""The site (WSGI) for rows that hold what is in them without a seal: what sealing costs an inbox page."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")

from mailboxes.rules import sealing
from tempmail_site.wsgi import application as application


def _as_it_is(key: Any, kind: Any, owner: bytes, sealed: bytes) -> bytes:
    return sealed


sealing.unseal = _as_it_is
