"""The doctor and servers: database, certificates, Postfix's files, answers that are none; each fault made for real."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from mailboxes.models.domains import Domain, DomainReport
from mailboxes.rules import domain_findings
from mailboxes.services import clock, domain_doctor, domains, heartbeats
from postfix import render, site_values
from tempmail_site.doctor import certificate, installed
from tempmail_site.doctor.checks import certificates, postgresql, redis_server, tasks
from tempmail_site.doctor.findings import Level
from tests.unit.examined import FAULT, OK, SKIPPED, WARNING, findings_of, level_of, words_of

DAY = 86_400


@pytest.mark.django_db
def test_the_database_of_the_tests_answers() -> None:
    assert level_of("database.reachable") is OK
    assert level_of("database.migrations") is OK


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_is_not_applied_or_that_nobody_knows() -> None:
    recorder = MigrationRecorder(connection)
    last = MigrationLoader(connection).graph.leaf_nodes("mailboxes")[0]
    try:
        recorder.record_unapplied(*last)
        assert ".".join(last) in words_of("database.migrations", FAULT)
    finally:
        recorder.record_applied(*last)
    try:
        recorder.record_applied("mailboxes", "0999_kestrel")
        assert "mailboxes.0999_kestrel" in words_of("database.migrations", WARNING)
    finally:
        recorder.record_unapplied("mailboxes", "0999_kestrel")


@pytest.mark.django_db(transaction=True)
def test_each_pragma_of_sqlite_is_asked_for() -> None:
    if connection.vendor != "sqlite":
        assert level_of("sqlite.pragmas") is SKIPPED
        return
    assert level_of("sqlite.pragmas") is OK
    broken = {"secure_delete": "OFF", "synchronous": "OFF", "foreign_keys": "OFF"}
    with connection.cursor() as cursor:
        for name, value in broken.items():
            cursor.execute(f"PRAGMA {name} = {value}")
    try:
        said = words_of("sqlite.pragmas", FAULT)
        assert [name for name in broken if name not in said] == []
    finally:
        connection.close()
    with override_settings(MAILBOX_MAX_BYTES=1 << 60):
        assert "mail waits in the queue" in words_of("sqlite.space", FAULT)
    assert level_of("sqlite.space") is OK


@pytest.mark.django_db
def test_settings_of_postgresql_are_asked_for() -> None:
    if connection.vendor != "postgresql":
        assert level_of("postgresql.durability") is SKIPPED
        return
    assert level_of("postgresql.version") is OK
    assert level_of("postgresql.autovacuum") is OK
    assert level_of("postgresql.connections") is OK
    assert level_of("postgresql.log") is OK
    # the one of the tests is made to be fast
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} is off" in words_of("postgresql.durability", FAULT)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL log_statement = 'all'")
        cursor.execute("SET LOCAL synchronous_commit = on")
    assert "log_statement=all" in words_of("postgresql.log", WARNING)
    assert "synchronous_commit" not in words_of("postgresql.durability", FAULT)
    with override_settings(DELIVERY_PROCESSES=1000):
        assert "max_connections" in words_of("postgresql.connections", FAULT)


def test_what_postgresql_may_not_log_is_what_the_launcher_sets() -> None:
    from deploy.local.servers import QUIET_LOG

    assert set(postgresql.QUIET_LOG) == set(QUIET_LOG)
    for name, value in QUIET_LOG.items():
        assert value in postgresql.QUIET_LOG[name]


def test_the_site_s_threads_are_those_that_are_counted() -> None:
    served = (settings.BASE_DIR / "tempmail_site" / "asgi.py").read_text()
    assert f"\nPAGE_THREADS = {postgresql.PAGE_THREADS}\n" in served


def test_redis_that_is_away_is_a_fault_once() -> None:
    with override_settings(REDIS_URL="unix:///nowhere/redis.sock"):
        assert level_of("redis.reachable") is FAULT
        for id_ in ("redis.version", "redis.persistence", "redis.memory", "redis.log"):
            assert level_of(id_) is SKIPPED


@pytest.mark.parametrize(
    ("info", "level"),
    [
        ({"maxmemory_policy": "volatile-ttl"}, OK),
        ({"maxmemory_policy": "noeviction"}, WARNING),
        ({"maxmemory_policy": "allkeys-lru"}, FAULT),
        ({"maxmemory": 0, "maxmemory_policy": "noeviction"}, WARNING),
        ({"used_memory": 99}, WARNING),
        ({"evicted_keys": 3}, WARNING),
    ],
)
def test_what_redis_does_at_its_limit(
    monkeypatch: pytest.MonkeyPatch, info: dict[str, object], level: Level
) -> None:
    usual = {"maxmemory": 100, "used_memory": 10, "maxmemory_policy": "volatile-ttl"}
    monkeypatch.setattr(redis_server, "_info", lambda: {**usual, **info})
    assert level_of("redis.memory") is level


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("unix:///run/redis.sock", OK),
        ("redis://127.0.0.1:6379", OK),
        ("redis://redis.kestrel.org", FAULT),
        ("rediss://:okapi@redis.kestrel.org", OK),
    ],
)
def test_a_redis_that_anybody_can_reach(url: str, level: Level) -> None:
    with override_settings(REDIS_URL=url):
        assert level_of("redis.access") is level
        assert "okapi" not in str(findings_of("redis.access"))


@pytest.mark.parametrize(
    ("age", "result", "since_start", "beat", "results"),
    [
        (10, "success", 9999, OK, OK),
        (170, "success", 9999, OK, OK),
        (400, "success", 9999, FAULT, OK),
        (10, "failure", 9999, OK, FAULT),
        (None, "", 30, OK, OK),
        (None, "", 9999, FAULT, WARNING),
    ],
)
def test_tasks_that_fail_or_do_not_run(
    monkeypatch: pytest.MonkeyPatch,
    age: int | None,
    result: str,
    since_start: float,
    beat: Level,
    results: Level,
) -> None:
    last = None
    if age is not None:
        at = datetime.fromtimestamp(time.time() - age, UTC)
        last = heartbeats.Heartbeat(at, result, 5.0)
    only = {tasks.PURGE: 60.0, "mailboxes.rotate_logs": 3600.0}
    monkeypatch.setattr(tasks, "_scheduled", lambda: only)
    monkeypatch.setattr(tasks, "_last", lambda task: last)
    # beyond what is allowed for a task that is due each hour
    monkeypatch.setattr(tasks, "_since_start", lambda: since_start)
    assert level_of("tasks.beat") is beat
    assert level_of("tasks.results") is results


@pytest.fixture
def files(tmp_path: Path, domain: object) -> Iterator[Path]:
    """Postfix's files, rendered as render_postfix does it."""
    words = ["listen=127.0.0.1:2525,[::1]:2525", "inet_protocols=all"]
    with override_settings(POSTFIX_CONFIG_DIR=tmp_path, SMTP="postfix"):
        render.write(site_values.site_values(words), tmp_path, words)
        yield tmp_path


def test_files_that_are_as_they_would_be_rendered(files: Path) -> None:
    assert level_of("postfix.installed") is OK
    assert level_of("postfix.rendered") is OK
    assert installed.listeners((files / "master.cf").read_text()) == [
        ("127.0.0.1", 2525),
        ("::1", 2525),
    ]


@pytest.mark.parametrize(
    ("name", "before", "after", "words"),
    [
        ("main.cf", "mynetworks =\n", "mynetworks = 0.0.0.0/0\n", "mynetworks is '0.0.0.0/0'"),
        ("main.cf", "disable_vrfy_command = yes\n", "", "disable_vrfy_command is not set"),
        ("main.cf", "relay_domains =\n", "relay_domains =\nsoft_bounce = yes\n", "soft_bounce"),
        ("master.cf", "pickup ", "smtp unix - - n - - smtp\npickup ", "has 'smtp unix"),
        ("master.cf", "    user=nobody", "    flags=D user=nobody", "flags=D"),
        ("delivery_status", "/^5", "/^6", "lacks '/^5"),
    ],
)
def test_a_file_of_postfix_that_was_changed(
    files: Path, name: str, before: str, after: str, words: str
) -> None:
    path = files / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    said = words_of("postfix.rendered", FAULT)
    assert words in said
    assert "--set listen=127.0.0.1:2525,[::1]:2525" in said


def test_settings_that_changed_since_and_files_of_somebody_else(files: Path) -> None:
    with override_settings(MESSAGE_SIZE_LIMIT=1_000_000):
        assert "would be '1000000'" in words_of("postfix.rendered", FAULT)
    with override_settings(AUTHSERV_ID="a b"):
        assert "cannot be rendered" in words_of("postfix.rendered", FAULT)
    domains.add("kestrel.org")
    assert level_of("postfix.rendered") is OK  # the first domain names it
    (files / "main.cf").write_text("mynetworks =\n")
    assert "how it was rendered" in words_of("postfix.rendered", FAULT)
    (files / "main.cf").unlink()
    assert "main.cf is missing" in words_of("postfix.installed", FAULT)
    assert level_of("postfix.rendered") is SKIPPED


def test_nobody_greets_where_postfix_should(files: Path) -> None:
    with socket.socket() as taken:  # bound, and not listened at
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        words = [f"listen=127.0.0.1:{port}"]
        render.write(site_values.site_values(words), files, words)
        assert f"nobody greets at 127.0.0.1 port {port}" in words_of("postfix.running", FAULT)
        assert level_of("postfix.offers") is SKIPPED
        site = f"http://127.0.0.1:{port}"
        with override_settings(SITE_URL=site):
            assert "does not answer" in words_of("site.answers", FAULT)


def test_a_worker_that_is_not_there_or_hangs(tmp_path: Path) -> None:
    path = tmp_path / "w.sock"
    names = dict.fromkeys(("DELIVERY_SOCKET", "POLICY_SOCKET", "LMTP_SOCKET"), path)
    with override_settings(**names), socket.socket(socket.AF_UNIX) as listener:
        assert "nobody listens" in words_of("worker.delivery", FAULT)
        assert "451" in words_of("worker.policy", FAULT)
        assert level_of("worker.lmtp") is WARNING
        with override_settings(DELIVERY_TRANSPORT="lmtp"):
            assert level_of("worker.lmtp") is FAULT
        assert "does not run" in words_of("worker.processes", FAULT)
        listener.bind(str(path))
        listener.listen()
        assert level_of("worker.processes") is SKIPPED  # another program's socket: this one
        threading.Thread(target=_answer_wrongly, args=(listener,)).start()
        assert "cannot store" in words_of("worker.delivery", FAULT)


def test_a_host_of_pages_only_has_no_worker_to_look_at() -> None:
    with override_settings(SMTP="elsewhere", DELIVERY_SOCKET=Path("/nowhere")):
        for id_ in ("worker.delivery", "worker.policy", "worker.lmtp", "worker.processes"):
            assert level_of(id_) is SKIPPED


def _answer_wrongly(listener: socket.socket) -> None:
    for _ in range(2):
        client, _ = listener.accept()
        client.close()


@pytest.mark.parametrize(
    ("id_", "level"), [("certificates.site", SKIPPED), ("site.static", OK), ("dns.domains", OK)]
)
@pytest.mark.django_db
def test_what_is_not_there_is_not_looked_at(id_: str, level: Level) -> None:
    assert level_of(id_) in (level, SKIPPED)


def test_static_files_that_were_not_collected(tmp_path: Path) -> None:
    storages = {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    with override_settings(STATIC_ROOT=tmp_path, STORAGES={**settings.STORAGES, **storages}):
        assert "each page fails" in words_of("site.static", FAULT)
        (tmp_path / "staticfiles.json").write_text('{"paths": {"a.css": "a.1.css"}}')
        assert "a.1.css" in words_of("site.static", FAULT)
        (tmp_path / "a.1.css").touch()
        assert level_of("site.static") is OK


@pytest.mark.parametrize(
    ("begins", "ends", "level"),
    [
        (-10, 90, OK),
        (-80, 10, WARNING),
        (-80, 2, FAULT),
        (-80, -1, FAULT),
        (1, 90, FAULT),
    ],
)
def test_the_dates_of_a_certificate(begins: int, ends: int, level: Level) -> None:
    now = time.time()
    one = certificate.Certificate(now + begins * DAY, now + ends * DAY, "a", "b", "c")
    assert {found.level for found in certificate.dates(one, "Renew it.")} == {level}


def test_the_certificate_that_is_shown_is_that_of_the_file(tmp_path: Path) -> None:
    first, second = _made(tmp_path / "a.pem"), _made(tmp_path / "b.pem")
    shown = certificate.of_pem(
        first.read_text().partition("-----BEGIN CERT")[1] + first.read_text()
    )
    assert "kestrel" in shown.subject
    assert shown.subject == shown.issuer
    assert shown.begins < time.time() < shown.ends
    assert list(certificates._compared(shown, first)) == []
    (other,) = certificates._compared(shown, second)
    assert (other.level, other.remedy) == (WARNING, "postfix reload")
    first.chmod(0o644)
    (opened,) = certificates._compared(shown, first)
    assert "mode 0644" in opened.words


def test_a_site_whose_certificate_browsers_refuse(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_made(tmp_path / "a.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = f"https://127.0.0.1:{listener.getsockname()[1]}"
        serving = threading.Thread(target=_shake_hands, args=(listener, context))
        serving.start()
        with override_settings(SITE_URL=site, SECURE=True):
            assert "browsers refuse" in words_of("certificates.site", FAULT)
        serving.join()
    with override_settings(SITE_URL=site, SECURE=True):
        assert "cannot be reached" in words_of("certificates.site", WARNING)


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    for _ in range(2):
        client, _ = listener.accept()
        with contextlib.suppress(OSError), client, context.wrap_socket(client, True) as secured:
            secured.recv(1)


@pytest.mark.django_db
def test_what_the_domain_doctor_saw_is_told(
    monkeypatch: pytest.MonkeyPatch, domain: Domain
) -> None:
    monkeypatch.setattr(domain_doctor, "interval", lambda: 3600)
    assert "have not been looked at" in words_of("dns.domains", WARNING)
    spf = domain_findings.Finding(
        domain_findings.Check.SPF, domain_findings.Level.WARNING, "missing", "", "v=spf1 -all"
    )
    mx = domain_findings.Finding(
        domain_findings.Check.MX,
        domain_findings.Level.FAULT,
        "missing",
        "",
        "MX 10 mx.kestrel.org.",
    )
    kept = domain_findings.to_json([spf, mx])
    DomainReport.objects.create(domain=domain, checked_at=clock.now(), findings=kept)
    assert "Publish: MX 10 mx.kestrel.org." in words_of("dns.domains", FAULT)
    assert "Publish: v=spf1 -all" in words_of("dns.domains", WARNING)
    DomainReport.objects.update(findings=[], checked_at=clock.now() - timedelta(hours=5))
    assert "was looked at 5 hours ago" in words_of("dns.domains", WARNING)
    DomainReport.objects.update(checked_at=clock.now())
    assert level_of("dns.domains") is OK
    monkeypatch.setattr(domain_doctor, "interval", lambda: 0)
    assert level_of("dns.domains") is SKIPPED


def _made(path: Path) -> Path:
    """A key and a certificate that it has signed for itself, in one file."""
    request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    target = ["-days", "30", "-subj", "/CN=kestrel", "-keyout", str(path), "-out", "-"]
    made = subprocess.run(
        ["openssl", *request, *target], check=True, capture_output=True, text=True
    )
    path.write_text(path.read_text() + made.stdout)
    path.chmod(0o600)
    return path
