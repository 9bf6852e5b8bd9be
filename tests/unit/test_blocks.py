"""Blocks: what is refused, from when to when, in which processes, and what is kept of it."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models.functions import Now

from mailboxes.models.abuse import Block, ModerationRecord
from mailboxes.rules import networks
from mailboxes.rules.errors import (
    InvalidAddress,
    InvalidNetwork,
    LocalPartNotAllowed,
    NotFound,
    TooManyBlocks,
)
from mailboxes.services import abuse, audit, blocklist, blocks, creation, retention
from mailboxes.services.blocklist import REFRESH, Blocklist, Snapshot
from tests.unit.standing_clock import Clock

pytestmark = pytest.mark.django_db


def block(kind: str, value: str, **more: int) -> Block:
    return blocks.add(kind, value, reason="because", **more)


def fresh() -> Snapshot:
    return Blocklist().current()


def refuses_client(text: str) -> bool:
    address = networks.parse_address(text)
    assert address is not None
    return fresh().refuses_client(address)


def test_a_sender_is_refused_however_it_is_written_and_others_are_not() -> None:
    block("sender", "Spammer@Example.org")
    for same in ("spammer@example.org", '"spammer"@EXAMPLE.org.', "spammer+x@example.org"):
        assert fresh().refuses_sender(same)
    for other in ("", "spammer@example.com", "other@example.org", "spammer@a.example.org"):
        assert not fresh().refuses_sender(other)


def test_of_a_sender_only_a_keyed_digest_is_kept() -> None:
    kept = block("sender", "spammer@example.org")
    row = repr(Block.objects.values().get())
    assert kept.value == ""
    assert "spammer" not in row
    assert "example" not in row


def test_a_domain_is_refused_with_its_subdomains_and_no_other() -> None:
    block("domain", "Bücher.example.")
    for same in (
        "a@xn--bcher-kva.example",
        "a@BÜCHER.example",
        "a@x.y.bücher.example.",
        "a@a_b.bücher.example",
    ):
        assert fresh().refuses_sender(same), same
    for other in (
        "a@example",
        "a@notbücher.example",
        "bücher.example@example.org",
        "bücher.example",
    ):
        assert not fresh().refuses_sender(other), other


def test_the_null_sender_is_never_refused() -> None:
    for value in ("", "@", "a@", "@example.org", "nobody"):
        with pytest.raises(InvalidAddress):
            block("sender", value)
    with pytest.raises(InvalidAddress):
        block("domain", "")
    assert not fresh().refuses_sender("")


def test_a_network_is_refused_also_where_it_is_mapped() -> None:
    block("network", "::ffff:192.0.2.0/120")
    block("network", "2001:db8:5::/48")
    assert Block.objects.filter(value="192.0.2.0/24").exists()
    assert refuses_client("192.0.2.77")
    assert refuses_client("::ffff:192.0.2.77")
    assert refuses_client("2001:db8:5:1::9")
    assert not refuses_client("192.0.3.1")
    assert not refuses_client("2001:db8:6::1")


def test_a_network_that_is_everybody_is_refused() -> None:
    with pytest.raises(InvalidNetwork):
        block("network", "0.0.0.0/0")


def test_a_name_may_not_be_chosen_and_a_random_one_is_not_asked(domain, settings) -> None:
    settings.CUSTOM_LOCAL_PARTS = True
    assert creation.create(local_part="fancy.name").address.startswith("fancy.name@")
    block("name", "Pay-Pal")
    blocklist.forget()
    for same in ("paypal", "pay.pal", "PAY_PAL"):
        with pytest.raises(LocalPartNotAllowed):
            creation.create(local_part=same)
    assert creation.create().address
    for value in ("", "..", "a@b", "x" * 65, "é"):
        with pytest.raises(LocalPartNotAllowed):
            block("name", value)


def test_again_is_the_same_block_with_a_new_reason_and_end() -> None:
    first = block("domain", "example.org")
    second = blocks.add("domain", "EXAMPLE.org", reason="worse", seconds=60)
    assert first.pk == second.pk
    kept = Block.objects.get()
    assert kept.reason == "worse"
    assert kept.expires_at is not None


def test_values_of_two_kinds_do_not_meet() -> None:
    block("domain", "example.org")
    block("name", "exampleorg")
    assert Block.objects.count() == 2
    assert blocks.find("domain", "example.org.") is not None
    assert blocks.find("sender", "a@example.org") is None


def test_a_block_ends_by_itself_and_is_removed(settings) -> None:
    block("domain", "example.org", seconds=60)
    assert fresh().refuses_sender("a@example.org")
    Block.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert not fresh().refuses_sender("a@example.org")
    retention.purge_records()
    assert not Block.objects.exists()


def test_a_block_ends_by_itself_without_being_loaded_again(monkeypatch) -> None:
    block("domain", "example.org", seconds=60)
    snapshot = fresh()
    later = blocklist.time.monotonic() + 61
    monkeypatch.setattr("mailboxes.services.blocklist.time.monotonic", lambda: later)
    assert not snapshot.refuses_sender("a@example.org")


def test_a_removed_block_refuses_nothing() -> None:
    pk = block("domain", "example.org").pk
    blocks.remove(pk)
    assert not fresh().refuses_sender("a@example.org")
    with pytest.raises(NotFound):
        blocks.remove(pk)


def test_a_process_learns_of_a_change_within_seconds_by_one_query_and_of_none_by_none(
    django_assert_num_queries,
) -> None:
    clock = Clock(100.0)
    elsewhere = Blocklist(clock)
    elsewhere.current()
    with django_assert_num_queries(0):
        elsewhere.current()
    clock.now += REFRESH
    with django_assert_num_queries(1):
        elsewhere.current()
    block("domain", "example.org")
    assert not elsewhere.current().refuses_sender("a@example.org")
    clock.now += REFRESH
    with django_assert_num_queries(2):
        assert elsewhere.current().refuses_sender("a@example.org")
    blocks.remove(Block.objects.get().pk)
    clock.now += REFRESH
    assert not elsewhere.current().refuses_sender("a@example.org")


def test_while_the_database_is_away_there_is_no_answer_rather_than_an_old_one(monkeypatch) -> None:
    clock = Clock(100.0)
    elsewhere = Blocklist(clock)
    elsewhere.current()

    def fail(known: object) -> Snapshot:
        raise DatabaseError

    monkeypatch.setattr(blocklist, "_renewed", fail)
    elsewhere.current()
    clock.now += REFRESH
    for _ in range(2):
        with pytest.raises(DatabaseError):
            elsewhere.current()


def test_a_thread_does_not_wait_while_another_asks(monkeypatch) -> None:
    clock, asking, go_on = Clock(100.0), threading.Event(), threading.Event()
    elsewhere = Blocklist(clock)
    known = elsewhere.current()

    def slow(before: Snapshot | None) -> Snapshot:
        asking.set()
        go_on.wait(30)
        assert before is not None
        return before

    monkeypatch.setattr(blocklist, "_renewed", slow)
    clock.now += REFRESH
    thread = threading.Thread(target=elsewhere.current)
    thread.start()
    assert asking.wait(30)
    assert elsewhere.current() is known
    go_on.set()
    thread.join()


def test_there_is_an_end_to_how_many_are_kept_in_memory(monkeypatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCKS", 2)
    block("domain", "a.example")
    block("domain", "b.example")
    with pytest.raises(TooManyBlocks):
        block("domain", "c.example")


def test_what_was_done_is_on_record_without_the_value_and_for_90_days() -> None:
    pk = blocks.add("sender", "spammer@example.org", reason="spam\nwave", actor="ada").pk
    blocks.remove(pk, reason="over")
    records = ModerationRecord.objects.order_by("pk").values_list(
        "act", "subject", "reason", "actor"
    )
    assert list(records) == [
        ("block", f"sender {pk}", "spam wave", "ada"),
        ("unblock", f"sender {pk}", "over", ""),
    ]
    assert abuse.purge() == 0
    ModerationRecord.objects.update(at=Now() - timedelta(days=audit.RECORD_DAYS))
    assert abuse.purge() == 2


def test_with_no_block_a_question_costs_next_to_nothing(django_assert_num_queries) -> None:
    snapshot = fresh()
    with django_assert_num_queries(0):
        assert not snapshot.refuses_sender("a" * 65_536 + "@" + "b." * 32_768)
