"""What RCPT is told."""

from datetime import timedelta

import pytest

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import clock, creation, domains, ending
from mailboxes.services.recipients import RecipientStatus, recipient_status

pytestmark = pytest.mark.django_db


def test_a_living_mailbox_is_accepted_whatever_its_spelling(owner) -> None:
    local, _, domain = owner.address.partition("@")
    for address in (
        owner.address,
        owner.address.upper(),
        f"{local}+shop@{domain}",
        f"{owner.address}.",
    ):
        assert recipient_status(address) is RecipientStatus.ACCEPTED


def test_never_issued_ended_and_expired_addresses_are_all_unknown(owner, stranger) -> None:
    ending.end(owner.mailbox)
    Mailbox.objects.filter(pk=stranger.mailbox.pk).update(
        ends_at=clock.now() - timedelta(seconds=1)
    )
    for address in (owner.address, stranger.address, "nobody-ever@tempmail.test"):
        assert recipient_status(address) is RecipientStatus.UNKNOWN


@pytest.mark.parametrize(
    "address",
    ["a@example.org", "a", "", "@", "a@b", "a@tempmail.test.example", "postmaster@example.org"],
)
def test_other_domains_are_foreign(domain, address: str) -> None:
    assert recipient_status(address) is RecipientStatus.FOREIGN


def test_a_name_that_we_never_issue_is_unknown_here(domain) -> None:
    assert recipient_status('"quoted name"@tempmail.test') is RecipientStatus.UNKNOWN


def test_a_full_mailbox_says_so(owner, settings) -> None:
    settings.MAILBOX_MAX_MESSAGES = 0
    assert recipient_status(owner.address) is RecipientStatus.FULL
    settings.MAILBOX_MAX_MESSAGES, settings.MAILBOX_MAX_BYTES = 10, 0
    assert recipient_status(owner.address) is RecipientStatus.FULL


def test_operators_have_their_addresses_on_each_domain(domain) -> None:
    assert recipient_status("postmaster@tempmail.test") is RecipientStatus.ACCEPTED
    assert recipient_status("ABUSE@tempmail.test") is RecipientStatus.ACCEPTED


def test_a_domain_counts_from_the_moment_it_is_added(db) -> None:
    assert recipient_status("postmaster@new.example") is RecipientStatus.FOREIGN
    domains.add("new.example")
    assert recipient_status("postmaster@new.example") is RecipientStatus.ACCEPTED


def test_random_subdomains_only_where_the_domain_has_them(domain) -> None:
    assert recipient_status("x@sub.tempmail.test") is RecipientStatus.FOREIGN
    Domain.objects.update(subdomains=Domain.Subdomains.RANDOM)
    created = creation.create()
    assert created.address.endswith(".tempmail.test")
    assert recipient_status(created.address) is RecipientStatus.ACCEPTED
    assert recipient_status("x@sub.tempmail.test") is RecipientStatus.UNKNOWN
    assert recipient_status("x@deep.sub.tempmail.test") is RecipientStatus.FOREIGN


def test_a_retired_domain_still_serves_its_living_mailboxes(owner) -> None:
    Domain.objects.update(offered=False, retired_at=clock.now())
    assert recipient_status(owner.address) is RecipientStatus.ACCEPTED


def test_a_domain_that_takes_no_mail_is_foreign(owner) -> None:
    Domain.objects.update(accepts_mail=False)
    assert recipient_status(owner.address) is RecipientStatus.FOREIGN
