"""Pods of overlays/trial as they are described, run by podman: mail in, draining, a queue that outlives its pod."""

import contextlib
import smtplib
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest

from tempmail_site import secrets_file
from tests import certificates
from tests.system import kustomize
from tests.system.engine import Engine, wait_until
from tests.system.kubelet import RunningPod
from tests.system.pods import pods

SENDER = "sender@example.org"


class Cluster:
    """The pods by name; what Kubernetes' services do is left to names of the same port."""

    def __init__(self, engine: Engine, scratch: Path) -> None:
        self.engine, self.scratch = engine, scratch
        self.objects = kustomize.build("overlays/trial")
        secrets_file.ensure(scratch / "secrets.env")
        keys = (scratch / "secrets.env").read_text()
        both = certificates.make(scratch / "both.pem", "mx.tempmail.test").read_text()
        end_of_key = both.index("-----BEGIN CERTIFICATE")
        (scratch / "certificate.pem").write_text(both[end_of_key:])
        self.secrets: dict[str, Any] = {
            "tempmail-keys": {"secrets.env": keys},
            "tempmail-tls": {"tls.key": both[:end_of_key], "tls.crt": both[end_of_key:]},
        }
        engine.podman("network", "create", "pods")

    def pod(self, name: str) -> RunningPod:
        """Return a pod, not started."""
        (found,) = (each for each in pods(self.objects) if each.name == name)
        return RunningPod(self.engine, found, self.objects, self.secrets, self.scratch / "claims")

    def start(self, name: str) -> RunningPod:
        """Start a pod."""
        made = self.pod(name)
        made.start()
        return made

    def run(self, name: str) -> None:
        """Run the pod of a job to its end."""
        job = self.start(name)
        (container,) = (each["name"] for each in job.pod.spec["containers"])
        self.engine.podman("wait", job.name(container))
        assert self.engine.inspect(job.name(container))["State"]["ExitCode"] == 0, job.logs(
            container
        )
        job.remove()

    def connected(self, action: Callable[[], Any]) -> Any:
        """Run a function whose sockets are beside the pods."""
        return self.engine.connected(action)


@pytest.fixture(scope="module")
def cluster(engine: Engine) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="tempmail-cluster-") as scratch:
        Path(scratch).chmod(0o755)
        made = Cluster(engine, Path(scratch))
        for name in ("postgresql", "redis"):
            made.start(name)
        made.run("migrate")
        yield made
        engine.podman("rm", "--all", "--force", "--time", "0", check=False)


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> RunningPod:
    return cluster.start("site")


@pytest.fixture
def mail(cluster: Cluster) -> Iterator[RunningPod]:
    started = cluster.start("mail")
    yield started
    started.remove()


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Host": "localhost", "X-Forwarded-Proto": "https"}


def new_mailbox(site: RunningPod) -> tuple[str, str]:
    key = site.inside("site", "python", "manage.py", "create_api_key", token_hex(4)).split()[-1]
    url = f"http://{site.address}:8000/api/generate"
    made = site.engine.connected(
        lambda: httpx.post(url, json={}, headers=headers(key), timeout=30).json()
    )
    return made["address"], made["token"]


def subjects(site: RunningPod, token: str) -> list[str]:
    url = f"http://{site.address}:8000/api/emails/me"

    def ask() -> list[str]:
        with contextlib.suppress(httpx.HTTPError, KeyError):
            found = httpx.get(url, headers=headers(token), timeout=10).json()["items"]
            return [each["subject"] for each in found]
        return []

    return site.engine.connected(ask)


def trusting(certificate: Path) -> ssl.SSLContext:
    """Return a context that knows this certificate only; the pod's address is no name of it."""
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    return context


def message(subject: str) -> str:
    return f"Subject: {subject}\n\nHello\n"


def test_the_purge_of_the_cron_job_ends_well(cluster: Cluster) -> None:
    cluster.run("purge")


@pytest.mark.parametrize("name", ["streams", "tasks", "beat", "edge"])
def test_the_other_pods_start_and_answer_their_probes(
    cluster: Cluster, site: RunningPod, name: str
) -> None:
    # nginx wants to know the address of each of its upstreams when it starts
    before = [cluster.start("streams")] if name == "edge" else []
    started = cluster.start(name)
    for container in started.pod.spec["containers"]:
        state = cluster.engine.inspect(started.name(container["name"]))["State"]
        assert state["Status"] == "running", started.logs(container["name"])
    for each in [started, *before]:
        each.remove()


def test_mail_comes_in_and_is_counted_for_prometheus(
    cluster: Cluster, site: RunningPod, mail: RunningPod
) -> None:
    address, token = new_mailbox(site)

    def send() -> None:
        with smtplib.SMTP(mail.address, 2525, timeout=30) as client:
            client.starttls(context=trusting(cluster.scratch / "certificate.pem"))
            client.sendmail(SENDER, [address], message("In"))

    cluster.connected(send)
    wait_until(lambda: subjects(site, token) == ["In"])
    # by the pod's own address, as Prometheus does
    url, allowed = (
        f"http://{mail.address}:9100/metrics",
        {"Authorization": "Bearer trial", "X-Forwarded-Proto": "https"},
    )
    numbers = cluster.connected(lambda: httpx.get(url, headers=allowed, timeout=30))
    assert numbers.status_code == 200
    assert 'tempmail_ingest_messages_total{result="committed"} 1.0' in numbers.text
    assert 'tempmail_up{server="delivery"} 1.0' in numbers.text


def test_postfix_is_root_of_its_own_user_name_space_only(mail: RunningPod) -> None:
    mapped = mail.inside("postfix", "cat", "/proc/1/uid_map").split()
    assert mapped[:2] == ["0", "200000"]
    assert "NoNewPrivs:\t1" in mail.inside("postfix", "cat", "/proc/1/status")
    tried = mail.inside("worker", "sh", "-c", "touch /run/postfix/main.cf /etc/x 2>&1 || echo no")
    assert tried.endswith("no\n"), "the worker cannot change what Postfix is configured with"


def test_its_hook_empties_the_queue_before_the_worker_ends(
    cluster: Cluster, site: RunningPod
) -> None:
    mail = cluster.start("mail")
    address, token = new_mailbox(site)
    _queue(cluster, mail, address, "Before the end")
    cluster.engine.podman("start", "postgresql-postgresql")
    assert mail.end() == "mail: the queue is empty\n"
    wait_until(lambda: subjects(site, token) == ["Before the end"])


def test_what_a_killed_pod_had_queued_is_delivered_once_by_the_next_with_its_volume(
    cluster: Cluster, site: RunningPod
) -> None:
    mail = cluster.start("mail")
    address, token = new_mailbox(site)
    _queue(cluster, mail, address, "From the volume")
    mail.remove()
    cluster.engine.podman("start", "postgresql-postgresql")
    following = cluster.start("mail")
    wait_until(lambda: subjects(site, token), 120, "what was answered 250 is not there")
    wait_until(lambda: following.inside("postfix", "postqueue", "-c", "/run/postfix", "-j") == "")
    assert subjects(site, token) == ["From the volume"]
    following.remove()


def _queue(cluster: Cluster, mail: RunningPod, address: str, subject: str) -> None:
    """Have Postfix accept a message that cannot be stored: the database goes away between RCPT and DATA."""

    def accept() -> None:
        with smtplib.SMTP(mail.address, 2525, timeout=60) as session:
            session.mail(SENDER)
            assert session.rcpt(address)[0] == 250
            cluster.engine.podman("stop", "--time", "20", "postgresql-postgresql")
            assert session.data(message(subject))[0] == 250

    cluster.connected(accept)
    wait_until(lambda: address in mail.inside("postfix", "postqueue", "-c", "/run/postfix", "-j"))
