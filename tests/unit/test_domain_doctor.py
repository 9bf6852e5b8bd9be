"""The domain doctor: every fault is found and comes with the record that mends it, and no answer confuses him."""

from datetime import timedelta

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from mailboxes.models.domains import Domain, DomainReport
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun
from mailboxes.rules import domain_findings
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.rules.rotation import Health
from mailboxes.services import clock, domain_checks, domain_doctor, domain_policy, domain_words
from tests import certificates, dns_server, receivers
from tests.unit.doctor_double import HOST, NAME, Patient, patient

__all__ = ["patient"]

OK, ADVICE, WARNING, FAULT, UNKNOWN = Level
MX, WILDCARD, ADDRESS, REVERSE, SPF, DMARC, STS, TLS, LIST, DELIVERY = Check
HERE = f"10 {HOST}."
POLICY = f"version: STSv1\r\nmode: enforce\r\nmx: {HOST}\r\nmax_age: 604800\r\n"

# What is published instead, by name and type; what is found where, and with which record.
FAULTS = [
    (NAME, "MX", [], MX, FAULT, "none", f"{NAME}. IN MX 10 {HOST}."),
    (NAME, "MX", ["0 ."], MX, FAULT, "null", f"{NAME}. IN MX 10 {HOST}."),
    (NAME, "MX", ["10 mx.other.net."], MX, FAULT, "elsewhere", f"{NAME}. IN MX 10 {HOST}."),
    (NAME, "MX", ["10 nowhere.net."], MX, FAULT, "elsewhere", f"{NAME}. IN MX 10 {HOST}."),
    (
        NAME,
        "MX",
        [HERE, "5 mx.other.net."],
        MX,
        WARNING,
        "not-only-here",
        f"{NAME}. IN MX 10 {HOST}.",
    ),
    (NAME, "MX", ["10 alias.net."], MX, WARNING, "alias", f"{NAME}. IN MX 10 {HOST}."),
    (f"*.{NAME}", "MX", [], WILDCARD, FAULT, "none", f"*.{NAME}. IN MX 10 {HOST}."),
    (
        f"*.{NAME}",
        "MX",
        ["1 mx.other.net."],
        WILDCARD,
        FAULT,
        "elsewhere",
        f"*.{NAME}. IN MX 10 {HOST}.",
    ),
    (HOST, "A", ["198.51.100.1"], ADDRESS, WARNING, "elsewhere", f"{HOST}. IN A 127.0.0.1"),
    (HOST, "A", [], ADDRESS, ADVICE, "missing", f"{HOST}. IN A 127.0.0.1"),
    (HOST, "AAAA", [], ADDRESS, ADVICE, "missing", f"{HOST}. IN AAAA ::1"),
    (
        "1.0.0.127.in-addr.arpa",
        "PTR",
        [],
        REVERSE,
        WARNING,
        "none",
        f"1.0.0.127.in-addr.arpa. IN PTR {HOST}.",
    ),
    (
        "1.0.0.127.in-addr.arpa",
        "PTR",
        ["localhost."],
        REVERSE,
        WARNING,
        "other",
        f"1.0.0.127.in-addr.arpa. IN PTR {HOST}.",
    ),
    (NAME, "TXT", [], SPF, WARNING, "none", f'{NAME}. IN TXT "v=spf1 -all"'),
    (NAME, "TXT", ['"v=spf1 ~all"'], SPF, WARNING, "soft", f'{NAME}. IN TXT "v=spf1 -all"'),
    (NAME, "TXT", ['"v=spf1"'], SPF, WARNING, "soft", f'{NAME}. IN TXT "v=spf1 -all"'),
    (NAME, "TXT", ['"v=spf1 mx -all"'], SPF, WARNING, "senders", f'{NAME}. IN TXT "v=spf1 -all"'),
    (
        NAME,
        "TXT",
        ['"v=spf1 -all"', '"v=spf1 mx"'],
        SPF,
        WARNING,
        "several",
        f'{NAME}. IN TXT "v=spf1 -all"',
    ),
    (f"*.{NAME}", "TXT", [], SPF, WARNING, "none", f'*.{NAME}. IN TXT "v=spf1 -all"'),
    (f"_dmarc.{NAME}", "TXT", [], DMARC, WARNING, "none", None),
    (f"_dmarc.{NAME}", "TXT", ['"v=DMARC1; p=none"'], DMARC, WARNING, "weak", None),
    (f"_dmarc.{NAME}", "TXT", ['"v=DMARC1; p=reject; sp=none"'], DMARC, WARNING, "weak", None),
    (f"_dmarc.{NAME}", "TXT", ['"v=DMARC1; p=reject; pct=5"'], DMARC, WARNING, "weak", None),
    (
        f"_dmarc.{NAME}",
        "TXT",
        ['"v=DMARC1; p=reject"', '"v=DMARC1; p=none"'],
        DMARC,
        WARNING,
        "several",
        None,
    ),
    (f"_mta-sts.{NAME}", "TXT", [], STS, ADVICE, "none", None),
    (f"_mta-sts.{NAME}", "TXT", ['"v=STSv1; id=not-a-number"'], STS, WARNING, "record-wrong", None),
]
RECORDS = {
    DMARC: f'_dmarc.{NAME}. IN TXT "v=DMARC1; p=reject; sp=reject; adkim=s; aspf=s"',
    STS: f'_mta-sts.{NAME}. IN TXT "v=STSv1; id=',
}


def worst(findings: list[Finding]) -> Finding:
    return max(findings, key=lambda each: (OK, ADVICE, UNKNOWN, WARNING, FAULT).index(each.level))


@pytest.mark.parametrize(
    ("name", "kind", "texts", "check", "level", "code", "record"),
    FAULTS,
    ids=[f"{case[3]} {case[5]} {number}" for number, case in enumerate(FAULTS)],
)
def test_each_fault_is_found_and_comes_with_the_record_that_mends_it(
    patient: Patient, name, kind, texts, check, level, code, record
) -> None:
    patient.publish(name, kind, *texts)
    found = worst(patient.found(check))
    assert (found.level, found.code) == (level, code)
    assert found.record.startswith(RECORDS[check] if record is None else record)
    assert domain_words.words(found) != code


def test_a_published_record_mends_the_fault(patient: Patient) -> None:
    for name, kind, texts, check, *_ in FAULTS:
        if kind != "TXT" or check == STS:
            continue
        before = patient.server.records[name, kind]
        patient.publish(name, kind, *texts)
        owner, _, value = worst(patient.found(check)).record.partition(". IN TXT ")
        patient.publish(owner, "TXT", value)
        assert worst(patient.found(check)).level == OK
        patient.publish(name, kind, *before)


def test_a_domain_that_does_not_exist_takes_no_mail(patient: Patient) -> None:
    patient.server.records.clear()
    report = patient.check()
    assert report.health == Health.BAD
    assert [each.code for each in report.findings if each.check == MX] == ["no-name"]


def test_a_domain_in_order_is_good(patient: Patient) -> None:
    patient.publish(f"_mta-sts.{NAME}", "TXT")
    report = patient.check()
    assert {each.level for each in report.findings} == {OK, ADVICE}
    assert {each.check for each in report.findings} == set(Check)
    assert [each.code for each in report.findings if each.level == ADVICE] == ["none"]
    assert report.health == Health.GOOD
    patient.domain.refresh_from_db()
    assert patient.domain.health == Domain.Health.GOOD


def test_without_random_subdomains_no_wildcard_is_asked_for(patient: Patient) -> None:
    patient.domain.subdomains = Domain.Subdomains.NONE
    patient.publish(f"*.{NAME}", "MX")
    patient.publish(f"*.{NAME}", "TXT")
    assert patient.found(WILDCARD) == []
    assert [each.code for each in patient.found(SPF)] == ["rejects"]


def test_an_mx_of_another_name_with_our_addresses_is_here(patient: Patient) -> None:
    patient.publish("mx2.host.net", "A", "127.0.0.1")
    patient.publish(NAME, "MX", "10 mx2.host.net.")
    assert worst(patient.found(MX)).code == "here"


def test_without_public_addresses_a_private_one_is_a_fault(patient: Patient, settings) -> None:
    settings.PUBLIC_ADDRESSES = []
    assert worst(patient.found(ADDRESS)).code == "private"
    patient.publish(HOST, "A", "9.9.9.9")
    patient.publish(HOST, "AAAA")
    assert worst(patient.found(ADDRESS)).code == "public"


def test_an_address_that_nobody_could_ask_for_is_not_missed(patient: Patient) -> None:
    def without_ipv6(query: dns.message.Message, tcp: bool) -> bytes:
        if query.question[0].rdtype == dns.rdatatype.AAAA:
            return dns_server.reply(query, dns.rcode.SERVFAIL).to_wire()
        response = dns_server.reply(query)
        response.answer.append(dns_server.rrset(HOST, "A", ["127.0.0.1"]))
        return response.to_wire()

    patient.server.bad[HOST] = without_ipv6
    assert [each.code for each in patient.found(ADDRESS)] == ["here"]
    assert worst(patient.found(MX)).code == "here"


def test_a_domain_on_the_public_list_is_weak(patient: Patient, monkeypatch) -> None:
    monkeypatch.setattr(domain_doctor.disposable_email_domains, "blocklist", {NAME})
    patient.publish(f"_mta-sts.{NAME}", "TXT")
    report = patient.check()
    assert [each.seen for each in report.findings if each.code == "listed"] == [NAME]
    assert report.health == Health.WEAK


def test_the_list_knows_well_known_domains() -> None:
    (found,) = [domain_doctor._listed(Domain(name="sub.mailinator.com"))]
    assert (found.level, found.seen) == (WARNING, "mailinator.com")
    assert domain_doctor._listed(Domain(name="com")).level == OK


def test_the_loop_back_delivery_is_timed_and_leaves_nothing(patient: Patient) -> None:
    (found,) = [each for each in patient.check().findings if each.check == DELIVERY]
    assert found.code == "delivered"
    assert found.seen.endswith(" ms")
    assert not Mailbox.objects.exists()
    assert not CanaryRun.objects.exists()
    patient.accepts = False
    report = patient.check()
    (found,) = [each for each in report.findings if each.check == DELIVERY]
    assert (found.level, found.code, report.health) == (FAULT, "refused", Health.BAD)
    assert not Mailbox.objects.exists()


def test_a_retired_domain_is_tried_too_and_one_that_takes_no_mail_is_not(patient: Patient) -> None:
    Domain.objects.update(offered=False, retired_at=clock.now())
    patient.domain.refresh_from_db()
    assert DELIVERY in {each.check for each in patient.check().findings}
    patient.domain.accepts_mail = False
    assert DELIVERY not in {each.check for each in patient.check().findings}


@pytest.mark.parametrize(
    "behave",
    [
        dns_server.failing(dns.rcode.SERVFAIL),
        dns_server.lame,
        dns_server.looping,
        dns_server.silent,
        dns_server.dripping,
    ],
    ids=["SERVFAIL", "lame", "loop", "silent", "dripping"],
)
def test_where_nobody_answers_nothing_is_known_and_the_health_stays(
    patient: Patient, behave, monkeypatch
) -> None:
    monkeypatch.setattr(domain_checks, "_DNS_SECONDS", 0.5)
    Domain.objects.update(health=Domain.Health.GOOD)
    patient.server.bad["net"] = behave
    report = patient.check()
    asked = [
        each for each in report.findings if each.check in (MX, WILDCARD, ADDRESS, SPF, DMARC, STS)
    ]
    assert len(asked) >= 6
    assert {each.level for each in asked} == {UNKNOWN}
    assert all(domain_words.words(each) != each.code for each in asked)
    assert report.health == Health.UNKNOWN
    assert Domain.objects.get().health == Domain.Health.GOOD


def test_a_flood_of_records_costs_little(patient: Patient) -> None:
    hosts = [f"{number} h{number}.net." for number in range(2000)]
    patient.server.bad[NAME] = dns_server.huge(*hosts, kind="MX")
    report = patient.check(delivery=False)
    assert worst([each for each in report.findings if each.check == MX]).code == "elsewhere"
    assert len(patient.server.asked) < 40
    (row,) = DomainReport.objects.all()
    assert len(str(row.findings)) < 10_000


def test_what_strangers_publish_is_kept_as_harmless_text(patient: Patient) -> None:
    patient.publish(
        NAME, "TXT", r'"v=spf1 \000\027[31m\226\128\174 ' + "a" * 200 + '" "' + "b" * 200 + '"'
    )
    patient.publish(NAME, "MX", r"10 \000\"<script>.other.net.")
    patient.check(delivery=False)
    report = domain_doctor.latest(patient.domain)
    assert report is not None
    for each in report.findings:
        assert each.seen.isprintable()
        assert len(each.seen) <= domain_findings.LONGEST_SEEN


def test_reserved_names_are_not_asked_for(patient: Patient, settings) -> None:
    settings.DNS_RESOLVERS = []
    patient.domain.name = "box.test"
    report = patient.check(delivery=False)
    assert [each.code for each in report.findings if each.check == MX] == ["dns-not-asked"]
    assert report.health == Health.UNKNOWN
    assert patient.server.asked == []


# ---- MTA-STS: the policy behind the record


@pytest.fixture
def policy(patient: Patient, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    """Judge MTA-STS where a web server answers with this, under this name."""
    from mailboxes.services import webhook_connections

    def judge(answer: bytes, name: str = f"mta-sts.{NAME}") -> Finding:
        path = certificates.make(tmp_path / "web.pem", name)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        webhook_connections._tls.cache_clear()
        with receivers.receiver(receivers.answering(answer), certificate=path) as web:
            monkeypatch.setattr(domain_policy, "PORT", web.port)
            (found,) = patient.found(STS)
        return found

    yield judge
    webhook_connections._tls.cache_clear()


def http(body: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "level", "code"),
    [
        (http(POLICY), OK, "enforced"),
        (http(POLICY.replace(HOST, "*.host.net")), OK, "enforced"),
        (http(POLICY.replace("enforce", "testing")), ADVICE, "not-enforced"),
        (http(POLICY.replace(HOST, "mx.other.net")), FAULT, "forbids"),
        (http(POLICY.replace("STSv1", "STSv2")), WARNING, "not-a-policy"),
        (http(POLICY.replace("604800", "99999999999")), WARNING, "not-a-policy"),
        (http("<html>"), WARNING, "not-a-policy"),
        (http(POLICY, "301 Moved\r\nLocation: https://elsewhere.net/"), WARNING, "unreachable"),
        (http("x" * 100_000), WARNING, "unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nversion: STSv1", WARNING, "unreachable"),
        (b"SSH-2.0-x\r\n", WARNING, "unreachable"),
        (b"", WARNING, "unreachable"),
    ],
)
def test_the_policy_is_judged_as_a_sender_would(policy, answer, level, code) -> None:
    found = policy(answer)
    assert (found.level, found.code) == (level, code)
    assert (f"mx: {HOST}\nmax_age: 604800" in found.record) == (level != OK)


def test_a_policy_under_another_name_is_none(policy) -> None:
    assert policy(http(POLICY), "mta-sts.other.net").code == "unreachable"


def test_a_name_that_leads_into_a_private_network_is_not_followed(
    policy, settings, patient
) -> None:
    settings.PUBLIC_ADDRESSES = ["192.0.2.1"]
    assert policy(http(POLICY)).code == "unreachable"


# ---- What is kept, and when a domain's turn comes


def test_the_last_report_is_kept_and_no_other(patient: Patient) -> None:
    assert domain_doctor.latest(patient.domain) is None
    patient.check(delivery=False)
    second = patient.check(delivery=False)
    kept = domain_doctor.latest(patient.domain)
    assert kept == second
    assert DomainReport.objects.count() == 1


def test_a_report_of_another_version_does_no_harm(patient: Patient) -> None:
    patient.check(delivery=False)
    good = domain_findings.to_json([Finding(MX, OK, "here")])
    DomainReport.objects.update(findings=[{"check": "new"}, {}, *good])
    report = domain_doctor.latest(patient.domain)
    assert report is not None
    assert [each.code for each in report.findings] == ["here"]


def visited(monkeypatch) -> list[str]:
    """Whom a run visits."""
    names: list[str] = []
    monkeypatch.setattr(domain_doctor, "check", lambda domain: names.append(domain.name))
    domain_doctor.check_due()
    monkeypatch.undo()
    return names


@pytest.mark.django_db
def test_new_domains_come_first_and_broken_ones_again_soon(settings, monkeypatch) -> None:
    settings.DOMAIN_CHECK_INTERVAL = 21_600
    now = clock.now()
    rows = [
        ("new", "unknown", None),
        ("fresh", "good", 60),
        ("old", "good", 21_700),
        ("older", "bad", 30_000),
        ("broken", "bad", 1900),
        ("just-seen", "bad", 60),
        ("listed", "weak", 1900),
    ]
    for name, health, ago in rows:
        domain = Domain.objects.create(name=f"{name}.net", health=health)
        if ago is not None:
            DomainReport.objects.create(domain=domain, checked_at=now - timedelta(seconds=ago))
    Domain.objects.create(name="off.net", accepts_mail=False)
    assert visited(monkeypatch) == ["new.net", "older.net", "old.net", "broken.net"]


@pytest.mark.django_db
def test_a_run_ends_in_time_and_one_that_is_cut_short_is_not_the_first_again(
    settings, monkeypatch
) -> None:
    settings.DOMAIN_CHECK_INTERVAL = 21_600
    first, second = (Domain.objects.create(name=name) for name in ("a.net", "b.net"))

    def cut_short(domain: Domain, delivery: bool) -> list[Finding]:
        raise TimeoutError

    monkeypatch.setattr(domain_doctor, "_findings", cut_short)
    with pytest.raises(TimeoutError):
        domain_doctor.check(first)
    monkeypatch.undo()
    assert visited(monkeypatch) == [second.name]
    monkeypatch.setattr(domain_doctor, "_STARTING_SECONDS", 0)
    assert domain_doctor.check_due() == 0
