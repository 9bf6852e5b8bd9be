"""Operators of each role, for tests of the admin."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, Group, User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from mailboxes.models.abuse import ModerationRecord

ROLES = ("read-only", "moderator", "operator")
PASSWORD = "correct horse battery staple"


def account(role: str = "", *, name: str = "", superuser: bool = False) -> User:
    """Make an account of the staff with this role."""
    user: User = User.objects.create_user(name or role or "nobody", "", PASSWORD, is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    if superuser:
        user.is_superuser = True
        user.save()
    return user


def signed_in(user: AbstractBaseUser, **options: Any) -> Client:
    """A browser in which this account has signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def client_of(role: str) -> Client:
    """A browser of a new account with this role."""
    return signed_in(account(role))


def superuser() -> Client:
    """A browser of a new superuser."""
    return signed_in(account(name="root", superuser=True))


def records():
    return [
        (each.act, each.subject, each.reason, each.actor)
        for each in ModerationRecord.objects.exclude(act="sign-in").order_by("pk")
    ]


def act(client, url, name, pk, **more):
    return client.post(url, {"action": name, "_selected_action": pk, **more})


def yes(reason="report of fraud"):
    return {"confirmed": "yes", "reason": reason}


def sign_in(client, name="operator", password=PASSWORD, code="", **extra):
    return client.post(
        "/admin/login/", {"username": name, "password": password, "code": code}, **extra
    )


def is_in(client):
    return client.get("/admin/").status_code == 200


def code_of(user, steps=0):
    """The code of the app now, or so many steps of 30 s later."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, drift=steps):06}"


def with_factor(role="operator"):
    user = account(role)
    TOTPDevice.objects.create(user=user, confirmed=True)
    return user
