"""The second factor of operators: codes of an authenticator app (RFC 6238) and recovery codes, checked by django-otp.

django-otp counts wrong codes for each device and makes each wait double the last one, and takes no code twice. Recovery
codes are kept as keyed digests, each for one use.
"""

import base64
import re
import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core import signing
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from mailboxes.models.abuse import ModerationRecord
from mailboxes.rules import addresses, senders
from mailboxes.services import audit, keys

Act = ModerationRecord.Act
User = AbstractBaseUser | AnonymousUser

RECOVERY_CODES = 10
OFFER_SECONDS = 900
_OFFER = "tempmail.second-factor"
_DIGITS = re.compile(r"[0-9]{6}")
_KEY_BYTES = 20  # RFC 4226 4
_CODE_LENGTH = 10  # 50 bits
_DIGEST_LENGTH = 16  # what the column of django-otp holds, in hex: 64 bits


def is_set_up(user: User) -> bool:
    """Tell whether this account has a second factor."""
    return bool(TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists())


def codes_left(user: User) -> int:
    """Return how many recovery codes were not used yet."""
    devices = StaticDevice.objects.filter(user_id=user.pk)
    return sum(device.token_set.count() for device in devices)


def offer(user: User) -> str:
    """Return a new key, signed for this account, to be set up within minutes. Nothing is kept of it."""
    return signing.dumps({"key": secrets.token_hex(_KEY_BYTES), "user": user.pk}, salt=_OFFER)


def offered_key(user: User, offered: str) -> str:
    """Return the key of an offer as an authenticator app takes it (Base32); raise ValueError."""
    return base64.b32encode(bytes.fromhex(_key(user, offered))).decode()


def offered_url(user: User, offered: str, issuer: str) -> str:
    """Return what a QR code tells an authenticator app (otpauth://); raise ValueError."""
    device = TOTPDevice(user_id=user.pk, key=_key(user, offered))
    device.user = user
    return f"{device.config_url}&issuer={issuer}"


@transaction.atomic
def set_up(user: User, offered: str, code: str) -> Device | None:
    """Make the offered key this account's second factor if `code` is of it; None if not, or if there is one already.

    Raises ValueError for an offer that is none of ours, or too old.
    """
    # Locked, so that of two at once the second finds the first.
    get_user_model().objects.select_for_update().get(pk=user.pk or 0)
    if is_set_up(user):
        return None
    device = TOTPDevice(user_id=user.pk, name="app", key=_key(user, offered), confirmed=True)
    if not _DIGITS.fullmatch(code):
        return None
    device.save()
    if not device.verify_token(code):
        device.delete()
        return None
    audit.record(Act.SET_UP_FACTOR, actor=user.get_username())
    return device


@transaction.atomic
def make_codes(user: User) -> list[str]:
    """Give this account new recovery codes, shown this once; older ones open nothing any more."""
    StaticDevice.objects.filter(user_id=user.pk).delete()
    device = StaticDevice.objects.create(user_id=user.pk, name="recovery codes")
    codes = [addresses.random_label(_CODE_LENGTH) for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digest(code))
    audit.record(Act.MAKE_CODES, actor=user.get_username())
    half = _CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


@transaction.atomic
def remove(user: User, *, actor: str, reason: str = "") -> bool:
    """Take the second factor and its recovery codes from an account; return whether it had any."""
    StaticDevice.objects.filter(user_id=user.pk).delete()
    removed = TOTPDevice.objects.filter(user_id=user.pk).delete()[0]
    if removed:
        audit.record(Act.REMOVE_FACTOR, user.get_username(), reason=reason, actor=actor)
    return bool(removed)


@transaction.atomic
def verify(user: User, code: str) -> Device | None:
    """Return the device that takes this code, which it takes once; None for a wrong one, or too many of those."""
    code = re.sub(r"[\s-]", "", code).lower()
    if _DIGITS.fullmatch(code):
        return _first(TOTPDevice, user, code)
    device = _first(StaticDevice, user, _digest(code)) if len(code) == _CODE_LENGTH else None
    if device is not None:
        audit.record(Act.USE_CODE, actor=user.get_username())
    return device


def _first(kind: type[Device], user: User, token: str) -> Device | None:
    # Locked, so that of two with the same code one is refused.
    for device in kind.objects.select_for_update().filter(user_id=user.pk, confirmed=True):
        if device.verify_token(token):
            return device
    return None


def _key(user: User, offered: str) -> str:
    try:
        found = signing.loads(offered, salt=_OFFER, max_age=OFFER_SECONDS)
    except signing.BadSignature:
        raise ValueError("no offer of ours, or too old") from None
    if found["user"] != user.pk:
        raise ValueError("an offer for somebody else")
    return str(found["key"])


def _digest(code: str) -> str:
    digest = senders.digest(f"recovery:{code}", keys.address_digest_key())
    return digest.hex()[:_DIGEST_LENGTH]
