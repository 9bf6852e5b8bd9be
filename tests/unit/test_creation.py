"""Giving out addresses: random, never twice, within bounds."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import IssuedAddress, Mailbox
from mailboxes.rules.errors import (
    AddressTaken,
    DomainUnavailable,
    LifetimeOutOfBounds,
    LocalPartNotAllowed,
)
from mailboxes.services import creation, domains, ending, reading

pytestmark = pytest.mark.django_db


def test_a_mailbox_lives_an_hour_by_default_and_two_days_at_most(owner) -> None:
    mailbox = owner.mailbox
    assert mailbox.expires_at - mailbox.created_at == timedelta(hours=1)
    assert mailbox.max_expires_at - mailbox.created_at == timedelta(hours=48)


@pytest.mark.parametrize("seconds", [599, 172_801, -1])
def test_a_lifetime_out_of_bounds_is_refused(domain, seconds: int) -> None:
    with pytest.raises(LifetimeOutOfBounds):
        creation.create(lifetime=seconds)


@pytest.mark.parametrize("seconds", [600, 172_800])
def test_the_bounds_themselves_are_allowed(domain, seconds: int) -> None:
    created = creation.create(lifetime=seconds).mailbox
    assert created.expires_at - created.created_at == timedelta(seconds=seconds)


def test_an_address_is_never_issued_again(domain, owner, monkeypatch) -> None:
    local = owner.address.partition("@")[0]
    ending.end(owner.mailbox)
    names = iter([local, local, "fresh234name5"])
    monkeypatch.setattr(
        "mailboxes.rules.addresses.random_label",
        lambda length=13: next(names) if length == 13 else f"id{local}"[:16],
    )
    assert creation.create().address == "fresh234name5@tempmail.test"


def test_a_custom_name_needs_the_operators_leave(domain, settings) -> None:
    with pytest.raises(LocalPartNotAllowed):
        creation.create(local_part="chosen")
    settings.CUSTOM_LOCAL_PARTS = True
    created = creation.create(local_part="Chosen")
    assert created.address == "chosen@tempmail.test"
    ending.end(created.mailbox)
    with pytest.raises(AddressTaken):
        creation.create(local_part="chosen")


def test_a_failed_creation_leaves_nothing_behind(domain, settings) -> None:
    settings.CUSTOM_LOCAL_PARTS = True
    creation.create(local_part="chosen")
    with pytest.raises(AddressTaken):
        creation.create(local_part="chosen")
    assert (Mailbox.objects.count(), IssuedAddress.objects.count()) == (1, 1)


def test_only_offered_domains_are_given_out(domain) -> None:
    Domain.objects.update(offered=False)
    with pytest.raises(DomainUnavailable):
        creation.create()
    with pytest.raises(DomainUnavailable):
        creation.create(domain="tempmail.test")
    domains.add("other.example")
    assert creation.create().address.endswith("@other.example")
    with pytest.raises(DomainUnavailable):
        creation.create(domain="nonsense at all")


def test_weight_decides_between_domains(domain) -> None:
    domains.add("never.example")
    Domain.objects.filter(name="never.example").update(weight=0)
    assert {creation.create().address.partition("@")[2] for _ in range(20)} == {"tempmail.test"}
    assert creation.create(domain="never.example").address.endswith("@never.example")


def test_the_row_holds_neither_address_nor_token(owner) -> None:
    row = Mailbox.objects.filter(pk=owner.mailbox.pk).values().get()
    held = b" ".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for value in row.values()
    )
    assert owner.address.partition("@")[0].encode() not in held
    assert owner.token.encode() not in held


def test_the_token_opens_the_mailbox_and_shows_its_address(owner) -> None:
    assert reading.open_by_token(owner.token).address == owner.address


@pytest.mark.django_db(transaction=True)
def test_of_concurrent_wishes_for_one_name_one_is_met(domain, settings) -> None:
    settings.CUSTOM_LOCAL_PARTS = True
    barrier, results = threading.Barrier(6), []

    def create() -> None:
        barrier.wait()
        try:
            results.append(creation.create(local_part="wanted").address)
        except AddressTaken:
            results.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["taken"] * 5 + ["wanted@tempmail.test"]
