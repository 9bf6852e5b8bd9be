"""Keys for one purpose each, derived from SECRET_KEY; those of its predecessors still verify."""

import hashlib

from django.conf import settings


def derived(purpose: str) -> list[str]:
    """Return the keys for a purpose, the present one first. A change of SECRET_KEY with fallbacks breaks no form."""
    return [
        hashlib.blake2b(secret.encode(), digest_size=32, person=purpose.encode()).hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
