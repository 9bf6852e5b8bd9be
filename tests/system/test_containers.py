"""The images and compose.yaml, built and started for real by podman and crun: Docker's engine is not to be had here."""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from django.conf import settings

import tempmail_client
from deploy.local.servers import QUIET_LOG
from tests import certificates
from tests.system import engine as engines
from tests.system.composed import FILE, SITE, SMTP, Composed, composed
from tests.system.engine import ROOT, TARGETS, Engine, wait_until

DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
PYTHON = ("worker", "site", "streams", "tasks", "beat")
SENDER = "sender-3191@example.org"
SUBJECT = "Subject-of-a-test-7f31"


@pytest.fixture(scope="module")
def service(engine: Engine) -> Iterator[Composed]:
    with composed(engine) as started:
        yield started


def send(recipient: str, subject: str = SUBJECT, code: str = "482913") -> None:
    with smtplib.SMTP(*SMTP, timeout=30) as client:
        client.sendmail(SENDER, [recipient], f"Subject: {subject}\n\nYour code is {code}\n")


def test_compose_understands_the_file_without_an_engine(engine: Engine) -> None:
    text = engine.run("docker-compose", "-f", str(FILE), "config")
    services = yaml.safe_load(text)["services"]
    assert {services[name]["image"] for name in ("keys", "prepare", "edge")} == {
        f"tempmail-{t}" for t in TARGETS
    }


def test_every_variable_of_the_file_is_a_setting() -> None:
    text = (ROOT / "tempmail_site" / "settings.py").read_text()
    known = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', text)) | {"WEB_CONCURRENCY"}
    services = yaml.safe_load(FILE.read_text())["services"]
    ours = [each for each in services.values() if each["image"].startswith("tempmail-")]
    assert {name for each in ours for name in each.get("environment", {})} <= known


def test_postgresql_logs_no_more_than_in_an_instance_of_our_own() -> None:
    words = yaml.safe_load(FILE.read_text())["services"]["postgresql"]["command"]
    given = dict(word.removeprefix("-c").split("=", 1) for word in words[1:])
    assert {name: given.get(name) for name in QUIET_LOG} == QUIET_LOG


def test_images_hold_no_tools_no_tests_and_nothing_of_this_checkouts_own(engine: Engine) -> None:
    script = "ls -A /opt/tempmail; command -v pip gcc git; find / -xdev -name secrets.env -type f 2>/dev/null; :"
    found = engine.podman(
        "run", "--rm", "--network", "none", "tempmail-site", "sh", "-c", script
    ).split()
    assert {
        "manage.py",
        "mailboxes",
        "delivery",
        "postfix",
        "tempmail_site",
        "deploy",
        ".venv",
    } <= set(found)
    assert not {"var", "tests", ".git", "docs"} & set(found)
    assert not [name for name in found if name.startswith("/")]


def test_everything_is_started_and_well(service: Composed) -> None:
    for name in ("keys", "prepare"):
        assert service.engine.inspect(service.name(name))["State"]["ExitCode"] == 0
    for name in (*PYTHON, "mail", "edge", "postgresql", "redis"):
        wait_until(
            lambda name=name: service.health(name),
            120,
            f"{name} is not well: {service.logs(name)[-2000:]}",
        )
    answer = service.engine.connected(lambda: httpx.get(f"{SITE}/healthz"))
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "redis": "ok", "delivery": "ok"},
    }


@pytest.mark.parametrize("name", [*PYTHON, "mail", "edge", "postgresql", "redis"])
def test_nobody_is_root_but_postfix_and_nobody_can_write_or_gain_rights(
    service: Composed, name: str
) -> None:
    status = dict(
        re.findall(r"^(\w+):\t(.*)$", service.inside(name, "cat", "/proc/1/status"), re.MULTILINE)
    )
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    uids = set(status["Uid"].split())
    if name == "mail":
        assert (uids, int(status["CapEff"], 16)) == (
            {"0"},
            0b11101011,
        )  # capabilities(7): the six of the file
    else:
        assert "0" not in uids
        assert int(status["CapEff"], 16) == 0
    tried = service.inside(
        name, "sh", "-c", "for d in / /etc /usr /opt; do touch $d/x 2>/dev/null && echo $d; done; :"
    )
    assert tried == ""


def test_a_mail_comes_in_by_postfix_and_out_through_nginx(service: Composed) -> None:
    def journey() -> str:
        with service.client() as client:
            mailbox = client.generate()
            send(mailbox.address)
            return str(mailbox.wait_for(subject=SUBJECT, timeout=30).code)

    assert service.engine.connected(journey) == "482913"


def test_a_stream_says_at_once_that_mail_is_there(service: Composed) -> None:
    def journey() -> bytes:
        with service.client() as client:
            mailbox = client.generate()
            headers = {"Authorization": f"Bearer {mailbox.token}", "Accept": "text/event-stream"}
            timer = threading.Timer(
                1.0, lambda: service.engine.connected(lambda: send(mailbox.address))
            )
            timer.start()
            with httpx.stream(
                "GET", f"{SITE}/api/events/me", headers=headers, timeout=30
            ) as answer:
                return next(part for part in answer.iter_raw() if b"event: message" in part)

    # Held back by nginx it would come with the next keep-alive, or never.
    assert b"data:" in service.engine.connected(journey)


def test_postfix_offers_tls_and_relays_nothing(service: Composed) -> None:
    def conversation() -> tuple[str, int]:
        with smtplib.SMTP(*SMTP, timeout=30) as client:
            client.starttls()
            assert client.sock is not None
            version = client.sock.version()  # type: ignore[union-attr]
            client.mail(SENDER)
            return version, client.rcpt("somebody@elsewhere.example")[0]

    assert service.engine.connected(conversation) == ("TLSv1.3", 554)


def test_what_a_load_balancer_says_is_the_clients_address(service: Composed) -> None:
    address = service.engine.address(service.name("mail"))

    def conversation() -> bytes:
        with socket.create_connection((address, 2526), timeout=30) as client:
            client.sendall(b"PROXY TCP4 203.0.113.77 198.51.100.1 40000 25\r\n")
            replies = client.makefile("rb")
            greeting = replies.readline()
            client.sendall(b"QUIT\r\n")
            return greeting + replies.readline()

    assert service.engine.connected(conversation).startswith(b"220 ")
    log = service.inside("mail", "cat", "/run/mail-log/mail.log")
    assert "connect from unknown[203.0.113.77]" in log


def test_the_plain_port_believes_no_such_line(service: Composed) -> None:
    def conversation() -> bytes:
        with socket.create_connection(SMTP, timeout=30) as client:
            replies = client.makefile("rb")
            assert replies.readline().startswith(b"220 ")
            client.sendall(b"PROXY TCP4 203.0.113.88 198.51.100.1 40000 25\r\n")
            return replies.readline()

    assert service.engine.connected(conversation).startswith(b"5")
    assert "203.0.113.88]" not in service.inside(
        "mail", "grep", "connect from", "/run/mail-log/mail.log"
    )


@pytest.fixture
def tls_edge(service: Composed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The edge as deploy/kubernetes starts it, beside the one of compose.yaml; its address."""
    place = tmp_path_factory.mktemp("edge")
    place.chmod(0o755)
    both = certificates.make(place / "tls.crt", "localhost").read_text()
    for name, text in (("tls.crt", both), ("tls.key", both), ("mta-sts.txt", "version: STSv1\n")):
        (place / name).write_text(text)
        (place / name).chmod(0o644)
    name = service.engine.podman(
        *("run", "--detach", "--network", "tempmail_middle", "--read-only", "--tmpfs", "/tmp"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", *engines.limit_words()),
        *(
            "--volume",
            f"{place}:/run/tls:ro",
            "--volume",
            f"{place}:/run/mta-sts:ro",
            "tempmail-edge",
        ),
        *("nginx", "-c", "/etc/nginx/edge/tls.conf", "-e", "stderr", "-g", "daemon off;"),
    ).strip()
    wait_until(lambda: service.engine.podman("healthcheck", "run", name, check=False) == "")
    yield service.engine.address(name)
    service.engine.podman("rm", "--force", "--time", "0", name)


def test_with_tls_the_edge_serves_the_site_the_way_to_it_and_the_mail_policy(
    service: Composed, tls_edge: str
) -> None:
    def ask() -> None:
        with httpx.Client(verify=False) as client:  # noqa: S501 - it is self-signed
            moved = client.get(f"http://{tls_edge}:8080/about", headers={"Host": "mail.example"})
            assert (moved.status_code, moved.headers["Location"]) == (
                301,
                "https://mail.example/about",
            )
            page = client.get(f"https://{tls_edge}:8443/healthz", headers={"Host": "localhost"})
            assert (page.status_code, page.json()["status"]) == (200, "ok")
            assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
            policy = f"https://{tls_edge}:8443/.well-known/mta-sts.txt"
            there = client.get(policy, headers={"Host": "mta-sts.a.example"})
            assert (there.status_code, there.text) == (200, "version: STSv1\n")
            assert client.get(policy, headers={"Host": "localhost"}).status_code == 404

    service.engine.connected(ask)


def test_only_the_port_for_it_takes_the_proxy_protocol(service: Composed, tls_edge: str) -> None:
    def status(port: int, first: bytes) -> bytes:
        with socket.create_connection((tls_edge, port), timeout=20) as plain:
            plain.sendall(first)
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as client:
                    client.sendall(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    return client.recv(100).split(b" ")[1]
            except (OSError, IndexError):
                return b"refused"

    line = b"PROXY TCP4 203.0.113.77 198.51.100.1 40000 443\r\n"
    asked = [(8444, line), (8444, b""), (8443, line), (8443, b"")]
    answers = service.engine.connected(lambda: [status(*each) for each in asked])
    assert answers == [b"200", b"refused", b"refused", b"200"]


def test_metrics_are_for_the_token_and_never_come_through_the_edge(service: Composed) -> None:
    token = {"Authorization": "Bearer a-token-of-the-tests"}
    outside = service.engine.connected(
        lambda: httpx.get(f"{SITE}/metrics", headers=token).status_code
    )
    assert outside == 404
    url = f"http://{service.engine.address(service.name('site'))}:8000/metrics"
    within = service.engine.connected(
        lambda: httpx.get(url, headers={**token, "Host": "localhost"}).text
    )
    stored = re.search(
        r'^tempmail_ingest_messages_total\{result="committed"\} (\S+)', within, re.MULTILINE
    )
    # the worker's own numbers, which lie in a volume that both have
    assert stored
    assert float(stored[1]) >= 1


def test_health_checks_notice_what_is_gone(service: Composed) -> None:
    service.engine.podman("stop", "--time", "10", service.name("redis"))
    service.engine.podman("pause", service.name("streams"), check=False)
    try:
        assert not service.health("redis")
        assert service.health("site"), "pages and mail go on without Redis"
    finally:
        service.engine.podman("unpause", service.name("streams"), check=False)
        service.engine.podman("start", service.name("redis"))
    wait_until(lambda: service.health("redis"))
    for words in (
        ["http", "1", "/livez"],
        ["smtp", "1"],
        ["delivery", "/nowhere"],
        ["fresh", "/nowhere", "9"],
    ):
        done = service.inside(
            "site",
            "sh",
            "-c",
            'python -m deploy.docker.health "$@"; echo $?',
            "sh",
            *words,
            check=False,
        )
        assert done.strip().endswith("1")


def test_accepted_mail_survives_the_end_of_every_container(service: Composed) -> None:
    def accept() -> tuple[str, str]:
        with service.client() as client:
            mailbox = client.generate()
            with smtplib.SMTP(*SMTP, timeout=30) as session:
                session.mail(SENDER)
                assert session.rcpt(mailbox.address)[0] == 250
                # Before the message is there the database goes away: it can only be queued.
                service.engine.podman("stop", "--time", "20", service.name("postgresql"))
                assert session.data(f"Subject: {SUBJECT} kept\n\nYour code is 271828\n")[0] == 250
            return mailbox.address, mailbox.token

    address, token = service.engine.connected(accept)
    wait_until(lambda: address in service.inside("mail", "postqueue", "-c", "/run/postfix", "-j"))
    service.compose("down", "--timeout", "20")
    service.up()

    def read() -> list[str]:
        headers = {"Authorization": f"Bearer {token}"}
        found: list[str] = []
        with contextlib.suppress(httpx.HTTPError, KeyError):
            items = httpx.get(f"{SITE}/api/emails/me", headers=headers, timeout=10).json()["items"]
            found = [item["subject"] for item in items]
        return found

    wait_until(lambda: service.engine.connected(read), 120, "what was answered 250 is not there")
    time.sleep(1)
    assert service.engine.connected(read) == [f"{SUBJECT} kept"]


def test_nothing_that_is_kept_names_anybody(service: Composed) -> None:
    def journey() -> str:
        with service.client() as client:
            mailbox = client.generate()
            send(mailbox.address)
            mailbox.wait_for(subject=SUBJECT, timeout=30)
            assert httpx.get(f"{SITE}/m/nobodys-inbox-77/").status_code == 404
            return str(mailbox.address)

    address = service.engine.connected(journey)
    secrets = (address, SENDER, SUBJECT, "nobodys-inbox-77")
    assert address in service.inside("mail", "cat", "/run/mail-log/mail.log"), (
        "in memory, for five minutes"
    )
    for name in (*PYTHON, "mail", "edge", "postgresql", "redis"):
        printed = service.logs(name)
        assert [secret for secret in secrets if secret in printed] == []
    volumes = service.engine.stored("volumes")
    files = [path for path in volumes.rglob("*") if path.is_file()]
    assert files
    for path in files:
        with contextlib.suppress(OSError):  # it has gone meanwhile
            held = path.read_bytes()
            assert [secret for secret in secrets if secret.encode() in held] == [], path


def test_a_drained_mail_container_takes_nothing_and_holds_nothing(service: Composed) -> None:
    session = service.engine.connected(lambda: smtplib.SMTP(*SMTP, timeout=30))
    printed: list[str] = []
    drain = ("python", "-m", "deploy.docker.mail_drain", "60", "40")
    thread = threading.Thread(
        target=lambda: printed.append(service.inside("mail", *drain, check=False))
    )
    thread.start()
    thread.join(3)
    # Who is there may finish, and is waited for.
    assert thread.is_alive()
    assert session.noop()[0] == 250
    session.quit()
    thread.join(60)
    assert printed == ["mail: the queue is empty\n"]
    assert not service.health("mail"), "it still takes connections"
    assert service.inside("mail", "postqueue", "-c", "/run/postfix", "-j") == ""
    service.engine.podman("restart", "--time", "10", service.name("mail"))
    wait_until(lambda: service.health("mail"), 60)


def test_the_image_for_continuous_integration_is_built_and_takes_mail(engine: Engine) -> None:
    engine.build(ROOT / "deploy/docker/ci/Dockerfile", "", "tempmail-ci", ROOT)
    name = engine.podman("run", "--detach", *engines.limit_words(), "tempmail-ci").strip()

    def is_well() -> bool:
        checked = engine.podman("healthcheck", "run", name, check=False)
        return checked == "" and '"healthy"' in str(
            engine.inspect(name)["State"]["Health"]
        ).replace("'", '"')

    wait_until(is_well, 120, "the image does not get well")
    address = engine.address(name)

    def journey() -> str:
        with tempmail_client.Client(f"http://{address}:8000") as client:
            mailbox = client.generate()
            with smtplib.SMTP(address, 2525, timeout=30) as sender:
                text = "Subject: CI\n\nYour code is 314159\n"
                sender.sendmail(SENDER, [mailbox.address], text)
            return str(mailbox.wait_for(subject="CI", timeout=60).code)

    assert engine.connected(journey) == "314159"
    engine.podman("stop", "--time", "30", name)
    assert engine.inspect(name)["State"]["ExitCode"] == 0


def test_the_gunicorn_of_the_image_reads_the_configuration_of_the_units() -> None:
    assert '"--config", "deploy/gunicorn.conf.py"' in DOCKERFILE.read_text()
    assert (Path(settings.BASE_DIR) / "deploy" / "gunicorn.conf.py").is_file()
