"""The doctor on an instance that runs: well but for what tests turn off, and ill for each fault that is made."""

import contextlib
import json
import shutil
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from deploy.local.instance import CHECKOUT
from deploy.local.stack import Stack
from tests.journey import probe
from tests.journey.test_tasks import call

# The PostgreSQL of the tests may lose everything in a power cut, as nobody minds.
KNOWN = {"postgresql.durability"}
# Whose sight a test machine may not have.
OF_THE_MACHINE = {"disks.data", "disks.state", "disks.memory", "disks.temporary", "queue.space"}


def examine(stack: Stack, *words: str) -> dict[str, list[dict[str, Any]]]:
    """What it finds, by level."""
    done = doctor(stack, *words, "--json")
    told = json.loads(done.stdout)
    faults = told["totals"]["fault"]
    assert done.returncode == (2 if faults else 0), done.stderr
    found: dict[str, list[dict[str, Any]]] = {level: [] for level in told["totals"]}
    for one in told["findings"]:
        found[one["level"]].append(one)
    return found


def doctor(stack: Stack, *words: str) -> "subprocess.CompletedProcess[str]":
    """As root, who sees all there is to see."""
    return subprocess.run(
        [sys.executable, "manage.py", "doctor", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env=stack.env,
    )


def faults(stack: Stack, *words: str) -> dict[str, str]:
    """The words of each fault, by check."""
    return {one["check"]: one["words"] for one in examine(stack, *words)["fault"]}


@pytest.fixture
def purged(stack: Stack) -> None:
    """The purge has run a moment ago."""
    call(stack, "purge_ended_mailboxes")
    probe.wait_until(lambda: noted(stack) is not None)


def noted(stack: Stack) -> bytes | None:
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as client:
        value = client.get("tempmail:ran:mailboxes.purge_ended_mailboxes")
    assert value is None or isinstance(value, bytes)
    return value


def test_an_instance_that_runs_is_well(stack: Stack, purged: None) -> None:
    address = probe.new_address(stack)
    found = examine(stack)
    for secret in (address.partition("@")[0], stack.env["DATABASE_URL"]):
        assert secret not in str(found)
    bad = [one for one in found["fault"] if one["check"] not in KNOWN | OF_THE_MACHINE]
    assert bad == []
    checked = {one["check"] for one in found["ok"]}
    assert {
        *("database.migrations", "redis.persistence", "worker.delivery", "worker.policy"),
        *("worker.lmtp", "worker.processes", "postfix.rendered", "postfix.check"),
        *("postfix.running", "postfix.offers", "queue.log", "queue.waiting"),
        *("tasks.worker", "tasks.beat", "site.answers", "site.static", "certificates.smtp"),
        *("permissions.state", "permissions.sockets", "permissions.script", "clock.drift"),
    } <= checked
    assert not [one for one in (*found["ok"], *found["warning"]) if "itself failed" in one["words"]]


def test_the_embedded_database_is_well_too(sqlite_stack: Stack) -> None:
    found = examine(sqlite_stack, "database", "sqlite", "keys", "permissions")
    assert found["fault"] == []
    assert "sqlite.pragmas" in {one["check"] for one in found["ok"]}


def test_a_worker_that_ended_and_the_mail_that_waits_for_it(stack: Stack) -> None:
    address = probe.new_address(stack)
    stack.processes["worker"].stop()
    try:
        # what comes in without asking anybody
        stack.postfix.run("sendmail", "-f", probe.SENDER, address, text="Subject: late\n\nlate\n")
        probe.wait_until(lambda: probe.queued(stack) == 1)
        found = examine(stack, "worker", "site.answers", "queue.waiting")
    finally:
        stack.start_worker()
    told = {one["check"]: one["words"] for one in found["fault"]}
    assert {"worker.delivery", "worker.policy", "worker.processes", "site.answers"} <= set(told)
    assert "all mail is deferred" in told["worker.delivery"]
    assert [one["words"][:10] for one in found["ok"]] == ["1 messages"]
    assert address not in str(found)
    assert faults(stack, "worker", "site") == {}
    probe.wait_until(lambda: probe.queued(stack) == 0)


def test_a_process_of_the_worker_that_is_stopped(stack: Stack) -> None:
    worker = stack.processes["worker"]
    worker.send_signal_to_all(signal.SIGSTOP)
    try:
        assert "cannot store" in faults(stack, "worker.delivery")["worker.delivery"]
    finally:
        worker.send_signal_to_all(signal.SIGCONT)


def test_redis_that_is_stopped(stack: Stack) -> None:
    server = stack.processes["redis"]
    server.send_signal_to_all(signal.SIGSTOP)
    try:
        found = examine(stack, "redis.reachable", "tasks.beat")
    finally:
        server.send_signal_to_all(signal.SIGCONT)
    assert [one["check"] for one in found["fault"]] == ["redis.reachable"]
    assert [one["check"] for one in found["skipped"]] == ["tasks.beat"]


def test_redis_that_writes_to_a_disk_and_drops_tasks(stack: Stack) -> None:
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as server:
        server.config_set("save", "3600 1")
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = faults(stack, "redis")
        finally:
            server.config_set("save", "")
            server.config_set("maxmemory-policy", "volatile-ttl")
    assert set(found) == {"redis.persistence", "redis.memory"}


@contextlib.contextmanager
def configured(stack: Stack, **values: str) -> Iterator[None]:
    """Change main.cf as an operator would; put it back."""
    main = stack.postfix.config / "main.cf"
    before = main.read_text()
    stack.postfix.reload(**values)
    try:
        yield
    finally:
        main.write_text(before)
        stack.postfix.reload()


def test_a_main_cf_that_was_changed(stack: Stack) -> None:
    with configured(stack, mynetworks="10.0.0.0/8", message_size_limit="1000000", kestrel="yes"):
        probe.wait_until(lambda: b"SIZE 1000000" in ehlo(stack))
        found = examine(stack, "postfix")
    told = "\n".join(one["words"] for one in found["fault"])
    assert "mynetworks is '10.0.0.0/8', and would be ''" in told
    assert "it takes 1000000 bytes" in told
    assert "unused parameter: kestrel=yes" in told
    assert "render_postfix --output" in found["fault"][0]["remedy"]
    probe.wait_until(lambda: b"SIZE 1000000" not in ehlo(stack))


def ehlo(stack: Stack) -> bytes:
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
        return client.ehlo("doctor.example")[1]


def test_a_directory_of_postfix_with_another_owner(stack: Stack) -> None:
    # nothing may be reloaded meanwhile: Postfix would not come back
    shutil.chown(stack.state_dir / "lib", "nobody")
    try:
        found = faults(stack, "postfix.check")
    finally:
        shutil.chown(stack.state_dir / "lib", "postfix")
    assert "not owned by postfix" in found["postfix.check"]


def test_tasks_that_nobody_does(stack: Stack, purged: None) -> None:
    stack.processes["tasks"].stop()
    value = noted(stack)
    assert value
    old = {**json.loads(value), "at": json.loads(value)["at"] - 3600}
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as server:
        server.set("tempmail:ran:mailboxes.purge_ended_mailboxes", json.dumps(old))
    try:
        found = faults(stack, "tasks.worker", "tasks.beat")
        assert set(found) == {"tasks.worker", "tasks.beat"}
        assert "the purge ended 60 minutes ago" in found["tasks.beat"]
    finally:
        stack.start_tasks()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATA_DIR", "/nowhere", "secrets.env is missing"),
        ("SMTP_PORT", "okapi", "SMTP_PORT"),
        ("DATABASE_URL", "postgres://a:okapi@h:okapi/d", "DATABASE_URL"),
    ],
)
def test_settings_that_cannot_be_read_at_all(
    stack: Stack, name: str, value: str, words: str
) -> None:
    changed = {key: old for key, old in stack.env.items() if key != "SECRET_KEY"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={**changed, name: value},
    )
    assert done.returncode == 2, done.stderr
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["check"], found["level"]) == ("settings.readable", "fault")
    assert words in found["words"]
    assert "okapi" not in done.stdout + done.stderr
