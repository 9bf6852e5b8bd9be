"""Offering, resting and retiring domains, and how one is chosen for a new address."""

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.domains import Domain
from mailboxes.rules.errors import DomainUnavailable
from mailboxes.services import creation, domain_use, domains, recipients
from mailboxes.services.recipients import RecipientStatus

pytestmark = pytest.mark.django_db


class CountingRedis:
    """Stands in for Redis: counts round trips, and is away when told so."""

    def __init__(self) -> None:
        self.hashes: dict[str, dict[bytes, bytes]] = {}
        self.trips, self.is_away, self.commands = 0, False, []

    def pipeline(self, transaction: bool) -> "CountingRedis":
        self.commands = []
        return self

    def __enter__(self) -> "CountingRedis":
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def hgetall(self, key: str) -> None:
        self.commands.append(lambda: dict(self.hashes.get(key, {})))

    def hincrby(self, key: str, field: str, by: int) -> None:
        row = self.hashes.setdefault(key, {})
        count = int(row.get(field.encode(), b"0")) + by
        self.commands.append(lambda: row.update({field.encode(): str(count).encode()}))

    def expire(self, key: str, seconds: int) -> None:
        assert seconds == domain_use.LIFETIME

    def execute(self) -> list[object]:
        self.trips += 1
        if self.is_away:
            raise redis.ConnectionError
        return [command() for command in self.commands]


@pytest.fixture
def counts(monkeypatch):
    server = CountingRedis()
    monkeypatch.setattr(domain_use, "_client", lambda: server)
    monkeypatch.setattr(domain_use, "_failed_at", -domain_use._LEFT_ALONE)
    return server


def test_a_resting_domain_gets_no_new_addresses_and_keeps_its_mail(domain, owner) -> None:
    assert domains.rest(domain)
    assert not domains.rest(domain)
    with pytest.raises(DomainUnavailable):
        creation.create()
    assert recipients.recipient_status(owner.address) == RecipientStatus.ACCEPTED
    assert domains.offer(domain)
    assert creation.create().address


def test_a_retired_domain_keeps_its_mail_and_can_come_back(domain, owner) -> None:
    assert domains.retire(domain)
    retired_at = domain.retired_at
    assert not domains.retire(domain)
    assert domain.retired_at == retired_at
    for name in (None, domain.name):
        with pytest.raises(DomainUnavailable):
            creation.create(domain=name)
    assert recipients.recipient_status(owner.address) == RecipientStatus.ACCEPTED
    assert domains.offer(domain)
    assert creation.create().address


def test_what_an_operator_does_is_recorded_with_the_reason(domain) -> None:
    domains.retire(domain, reason="too well known", actor="ann")
    (record,) = ModerationRecord.objects.all()
    assert (record.act, record.subject) == ("change-domain", "tempmail.test")
    assert (record.reason, record.actor) == ("too well known", "ann")


def test_saving_what_an_operator_set_leaves_what_the_doctor_found(domain) -> None:
    Domain.objects.update(health=Domain.Health.BAD)
    domain.weight = 7
    domains.save(domain)
    domain.refresh_from_db()
    assert (domain.weight, domain.health) == (7, Domain.Health.BAD)


def test_random_subdomains_multiply_addresses(domain) -> None:
    Domain.objects.update(subdomains=Domain.Subdomains.RANDOM)
    made = [creation.create().address for _ in range(8)]
    hosts = {address.partition("@")[2] for address in made}
    assert len(hosts) == 8
    assert all(host.endswith(".tempmail.test") for host in hosts)
    statuses = {recipients.recipient_status(address) for address in made}
    assert statuses == {RecipientStatus.ACCEPTED}


def test_visitors_get_none_where_mail_does_not_arrive(domain) -> None:
    domains.add("healthy.example")
    Domain.objects.filter(name="tempmail.test").update(health=Domain.Health.BAD)
    assert {creation.create().mailbox.domain.name for _ in range(10)} == {"healthy.example"}


def many(numbers: range) -> None:
    Domain.objects.bulk_create(Domain(name=f"d{number}.example") for number in numbers)


def statements() -> list[str]:
    """What creating one address asks the database."""
    with CaptureQueriesContext(connection) as asked:
        creation.create()
    return [each["sql"] for each in asked]


def test_creation_asks_as_much_of_300_domains_as_of_2(domain, counts) -> None:
    many(range(1))
    few = statements()
    assert counts.trips == 2  # what was used lately, and that one more was
    many(range(1, 299))
    lots = statements()
    assert len(lots) == len(few)
    assert sum('FROM "mailboxes_domain"' in sql for sql in lots) == 1
    assert counts.trips == 4


def test_300_domains_take_turns(domain, counts) -> None:
    many(range(299))
    got = [creation.create().mailbox.domain_id for _ in range(150)]
    assert sum(domain_use.recent().values()) == 150
    assert len(set(got)) > 120  # by chance alone 118 at the average


def test_where_redis_is_away_addresses_are_made_and_it_is_left_alone_for_a_while(
    domain, counts
) -> None:
    many(range(2))
    counts.is_away = True
    for _ in range(5):
        assert creation.create().address
    assert counts.trips == 1
    assert domain_use.recent() == {}
