"""What the owner of an address learns of its mail, and what nobody learns."""

import json
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisAway

from delivery import database, policy, protocol, sender_judge
from delivery.admissions import AdmissionBook
from delivery.intake_handler import IntakeHandler
from delivery.policy import RecipientJudge
from delivery.protocol import Request
from delivery.rates import RateBook
from delivery.scoreboard import Scoreboard
from delivery.sender_judge import SenderJudge, SenderLimits
from mailboxes.rules import summary
from mailboxes.rules.errors import InvalidAddress, Unavailable
from mailboxes.services import clock, ending, intake, timeline, timeline_store, timeline_words
from mailboxes.services.timeline import Entry, Kind, Reason
from mailboxes.services.timeline_store import Line
from mailboxes.services.timeline_writer import Writer
from tests import messages
from tests.unit.test_queue_ids import in_base_52
from tests.unit.web_visitors import visitor

pytestmark = pytest.mark.django_db
GUESSED = "nobody-has-this@tempmail.test"
QUESTION = {"request": "smtpd_access_policy", "protocol_state": "RCPT", "sender": "a@b.example"}


class Memory:
    """Lists as Redis holds them, and a writer without a thread."""

    def __init__(self) -> None:
        self.lines: dict[bytes, list[bytes]] = {}
        self.writer = Writer(self.append)
        self.is_away = False

    def append(self, lines: Sequence[Line]) -> None:
        for digest, _at, line in lines:
            self.lines.setdefault(digest, []).append(line)

    def read(self, digest: bytes) -> list[bytes]:
        if self.is_away:
            raise RedisAway
        self.writer.write()
        return self.lines.get(digest, [])

    def forget(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            self.lines.pop(digest, None)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    held = Memory()
    monkeypatch.setattr(timeline, "_writer", held.writer)
    monkeypatch.setattr(timeline_store, "read", held.read)
    monkeypatch.setattr(timeline_store, "forget", held.forget)
    return held


def kinds(address: str) -> list[str]:
    return [
        entry.kind + (f":{entry.reason}" if entry.reason else "") for entry in timeline.of(address)
    ]


def judge(**limits: int) -> RecipientJudge:
    board = Scoreboard(1)
    senders = SenderJudge(RateBook(board.rates, 0), SenderLimits(**limits))
    return RecipientJudge(AdmissionBook(board.admissions, 0), senders)


def queue_id(ago: float) -> str:
    seconds, rest = divmod(time.time() - ago, 1)
    return in_base_52(int(seconds), 6) + in_base_52(int(rest * 1e6), 4) + "z3Fc"


# --- RCPT ---


def test_an_accepted_question_is_told_with_its_encryption_and_size(owner, memory) -> None:
    ask = judge()
    assert ask(QUESTION | {"recipient": owner.address, "size": "2048"}) == policy.DUNNO
    ask(QUESTION | {"recipient": owner.address, "encryption_protocol": "TLSv1.3"})
    plain, encrypted = timeline.of(owner.address)
    assert (plain.kind, plain.tls, plain.size) == (Kind.ACCEPTED, "", 2048)
    assert (encrypted.tls, encrypted.size) == ("TLSv1.3", 0)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (policy.FULL, Reason.FULL),
        (policy.TEMPORARY, Reason.TEMPORARY),
        (sender_judge.SENDER_BLOCKED, Reason.BLOCKED),
        (sender_judge.CLIENT_BLOCKED, Reason.BLOCKED),
        (sender_judge.SENDER_TOO_FAST, Reason.SLOWED),
        (sender_judge.CLIENT_TOO_FAST, Reason.SLOWED),
        (sender_judge.GUESSING, Reason.CUT_OFF),
    ],
)
def test_each_refusal_is_told_with_its_reason_to_the_owner_and_to_nobody_else(
    owner, memory, monkeypatch, action: str, reason: Reason
) -> None:
    monkeypatch.setattr(RecipientJudge, "_judge", lambda self, attributes: action)
    for recipient in (owner.address, *([GUESSED] if action != policy.FULL else [])):
        assert judge()(QUESTION | {"recipient": recipient}) == action
    assert kinds(owner.address) == [f"refused:{reason}"]
    assert list(memory.lines) == [bytes(owner.mailbox.address_digest)]


def test_every_answer_at_rcpt_has_a_verdict() -> None:
    said = {*policy.ACTIONS.values(), policy.TEMPORARY}
    said |= {
        value
        for name, value in vars(sender_judge).items()
        if name.isupper() and isinstance(value, str)
    }
    assert said == set(policy.VERDICTS)


def test_addresses_that_do_not_exist_leave_nothing(owner, memory) -> None:
    ask = judge()
    assert ask(QUESTION | {"recipient": GUESSED}) == policy.UNKNOWN
    assert ask(QUESTION | {"recipient": "a@elsewhere.example"}) == policy.FOREIGN
    assert timeline.of(GUESSED) == []
    memory.writer.write()
    assert memory.lines == {}


def test_a_client_that_guesses_is_cut_off_and_leaves_nothing(owner, memory) -> None:
    ask = judge(unknown=2)
    question = QUESTION | {"client_address": "192.0.2.7"}
    answers = [ask(question | {"recipient": f"guess{n}@tempmail.test"}) for n in range(5)]
    assert sender_judge.GUESSING in answers
    memory.writer.write()
    assert memory.lines == {}
    ask(question | {"recipient": owner.address})
    assert kinds(owner.address)[-1] in {"refused:cut_off", "accepted"}


def test_rcpt_costs_no_query_more(owner, memory, django_assert_num_queries) -> None:
    ask = judge()
    ask(QUESTION | {"recipient": owner.address})  # it also loads what is blocked
    with django_assert_num_queries(1):
        ask(QUESTION | {"recipient": owner.address})


# --- delivery ---


def test_a_stored_message_is_told_with_its_time_since_arrival(owner, deliver, memory) -> None:
    deliver(owner.address, queue_id=queue_id(ago=2.5))
    queued, stored = timeline.of(owner.address)
    assert (queued.kind, stored.kind) == (Kind.QUEUED, Kind.STORED)
    assert stored.milliseconds is not None
    assert 2500 <= stored.milliseconds < 60_000
    assert (stored.at - queued.at).total_seconds() * 1000 == pytest.approx(
        stored.milliseconds, abs=2
    )
    assert stored.size > 0


def test_a_message_without_a_time_in_its_id_counts_from_the_worker_on(
    owner, deliver, memory
) -> None:
    deliver(owner.address, queue_id="unknown")
    assert kinds(owner.address) == ["queued", "stored"]
    assert timeline.of(owner.address)[1].milliseconds in range(30_000)


def test_a_retry_is_told_as_one_and_a_recipient_that_is_gone_leaves_nothing(
    owner, deliver, memory
) -> None:
    same = queue_id(ago=1)
    for _ in range(2):
        deliver(owner.address, GUESSED, queue_id=same)
    assert kinds(owner.address) == ["queued", "stored", "duplicate"]
    assert list(memory.lines) == [bytes(owner.mailbox.address_digest)]


def test_what_stays_in_the_queue_is_told_and_why(owner, memory, monkeypatch) -> None:
    board = Scoreboard(1)
    handler = IntakeHandler(summary.summarize, board, AdmissionBook(board.admissions, 0))
    one = Request(queue_id(ago=3), 0, "", (owner.address, GUESSED), b"Subject: x\n\nx\n")
    short = Request(queue_id(ago=1), 10**6, "", (owner.address,), b"Subject: x\n\nx\n")
    assert list(handler([short])) == [protocol.LATER]
    with monkeypatch.context() as away:
        away.setattr(intake, "store_many", fail)
        away.setattr(database, "can_store", lambda: False)
        away.setattr(database, "close", lambda: None)
        assert list(handler([one])) == [protocol.LATER]
    assert list(handler([one])) == [protocol.STORED]
    assert [kind for kind in kinds(owner.address) if kind != "queued"] == [
        "deferred:short",
        "deferred:storage",
        "stored",
    ]
    assert kinds(owner.address).count("queued") == 2  # one for each message
    assert list(memory.lines) == [bytes(owner.mailbox.address_digest)]


def fail(*_arguments: object) -> None:
    raise OperationalError


def test_storing_costs_no_statement_more(owner, deliver, monkeypatch) -> None:
    counted = []
    for writer in (None, Memory().writer):
        monkeypatch.setattr(timeline, "_writer", writer)
        raw = messages.plain("x", received=str(writer))
        counted.append(statements(partial(deliver, owner.address, raw=raw)))
    assert counted[0] == counted[1] > 0


def statements(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_where_no_mail_is_taken_in_nothing_is_noted(owner, deliver) -> None:
    assert timeline._writer is None
    timeline.asked(owner.address, None, tls="", size=0)
    deliver(owner.address)


# --- what is kept, and for whom ---


def test_a_line_says_nothing_of_sender_recipient_or_content(owner, deliver, memory) -> None:
    judge()(QUESTION | {"recipient": owner.address, "client_address": "192.0.2.9"})
    deliver(owner.address, queue_id=queue_id(ago=1))
    assert timeline.of(owner.address)
    text = b"".join(line for lines in memory.lines.values() for line in lines).decode()
    for secret in ("@", owner.address.partition("@")[0], "192.0.2.9", "example", "hello"):
        assert secret not in text
    assert all(len(line) < 120 for lines in memory.lines.values() for line in lines)


def test_an_address_that_ends_takes_its_timeline_along(owner, deliver, memory) -> None:
    deliver(owner.address)
    assert timeline.of(owner.address)
    ending.end(owner.mailbox)
    assert memory.lines == {}


def test_what_is_older_than_an_hour_is_not_shown_and_nonsense_is_left_out(owner, memory) -> None:
    digest, now = bytes(owner.mailbox.address_digest), time.time()
    old = json.dumps([now - 3700, "accepted", "", "", 0]).encode()
    memory.lines[digest] = [old, b"", b"[]", b"{", b'[1e99,"accepted","","",0]', b'["x"]', b"7"]
    assert timeline.of(owner.address) == []


def test_an_impossible_address_and_an_absent_redis_are_said(memory) -> None:
    with pytest.raises(InvalidAddress):
        timeline.of("not an address")
    memory.is_away = True
    with pytest.raises(Unavailable):
        timeline.of("a@tempmail.test")


# --- the page ---


def page_of(owner) -> str:
    url = reverse("web:timeline", args=[owner.mailbox.public_id])
    answer = visitor(owner).get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_tells_the_newest_first(owner, deliver, memory) -> None:
    judge()(QUESTION | {"recipient": owner.address, "encryption_protocol": "TLSv1.2"})
    deliver(owner.address, queue_id=queue_id(ago=0))
    page = page_of(owner)
    assert page.index("Stored: it is in the inbox") < page.index("was let in")
    assert "encrypted, TLSv1.2" in page
    assert timeline.SECONDS == 3600  # as the page says in words


def test_the_page_explains_what_being_let_in_means_where_nothing_followed(
    owner, deliver, memory
) -> None:
    ask, meaning = judge(), "If nothing follows"
    ask(QUESTION | {"recipient": owner.address})
    assert meaning in page_of(owner)
    deliver(owner.address)
    assert meaning not in page_of(owner)
    ask(QUESTION | {"recipient": owner.address})
    assert page_of(owner).count(meaning) == 1


def test_the_empty_page_says_what_it_may_mean_and_that_earlier_refusals_are_only_sums(
    owner, memory, monkeypatch
) -> None:
    counts = {"rejected:too_big:552 5.3.4": 41, "rejected:unknown:550 5.1.1": 1, "limited:x": 2}
    monkeypatch.setattr("mailboxes.services.figures.mail_counts", lambda: counts)
    page = page_of(owner)
    assert "Nobody has asked for this address" in page
    assert "there are only sums" in page
    for said in ("41 times", "1 time<", "2 times"):
        assert said in page


def test_without_redis_the_page_says_that_it_does_not_know(owner, memory) -> None:
    memory.is_away = True
    assert "This cannot be shown at the moment" in page_of(owner)


def test_an_empty_inbox_leads_to_it(owner) -> None:
    url = reverse("web:timeline", args=[owner.mailbox.public_id])
    page = visitor(owner).get(reverse("web:inbox", args=[owner.mailbox.public_id]))
    assert page.content.decode().count(f'href="{url}"') == 2


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("reason", [None, *Reason])
def test_there_are_words_for_every_event(kind: Kind, reason: Reason | None) -> None:
    said = timeline_words.say(Entry(clock.now(), kind, reason, "TLSv1.3", 5, 7, "q"))
    assert said.title
    assert said.tone in {"good", "bad", "wait", "plain"}
