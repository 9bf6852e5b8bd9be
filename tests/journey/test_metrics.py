"""What was done to a running instance, in several processes, and what /metrics and the samples say of it afterwards."""

import http.client
import json
import os
import re
import signal
import smtplib
import subprocess
from pathlib import Path

import pytest

from deploy.local.instance import CHECKOUT
from deploy.local.stack import Stack
from tests.journey import client, probe
from tests.journey.gate import Browser
from tests.journey.probe import wait_until

VISITOR = "127.0.4.71"


class Read:
    """One look at /metrics."""

    def __init__(self, stack: Stack) -> None:
        answer = client.http_request(stack, "GET", "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        self.text = answer.text

    def __getitem__(self, name: str) -> float:
        """The value of a sample, by what stands before it on its line; 0 where there is none."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.text, re.MULTILINE)
        return float(found[1]) if found else 0.0


class Growth:
    """What came since a moment."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.before = stack, Read(stack)

    def __getitem__(self, name: str) -> float:
        return Read(self.stack)[name] - self.before[name]


def result(name: str, value: str) -> str:
    return f'tempmail_{name}_total{{result="{value}"}}'


def worker_processes(stack: Stack) -> list[int]:
    """Return the processes of the worker below its supervisor."""
    parent = stack.processes["worker"].pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_mail_is_counted_right_over_processes_that_die(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    came = Growth(stack)
    for number in range(4):
        client.send(stack, client.message(f"Number {number}"), inbox.address)
    inbox.api.wait_for(4)
    killed = worker_processes(stack)
    for child in killed:
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: came["tempmail_worker_deaths_total"] == len(killed))
    wait_until(lambda: client.http_request(stack, "GET", "/healthz").status == 200)
    for number in range(4, 7):
        client.send(stack, client.message(f"Number {number}"), inbox.address)
    inbox.api.wait_for(7)
    wait_until(lambda: came["tempmail_ingest_age_seconds_count"] == 7)
    assert came[result("ingest_messages", "committed")] == 7
    assert came[result("ingest_recipients", "stored")] == 7
    assert came[result("smtp_recipients", "accepted")] == 7
    assert came["tempmail_ingest_duration_seconds_count"] == 7
    assert came["tempmail_messages_stored"] in (0, 7)  # kept for seconds
    assert Read(stack)["tempmail_ingest_in_flight"] == 0
    assert 0 < came["tempmail_ingest_age_seconds_sum"] < 600


def test_refusals_are_counted_by_reason_here_and_by_postfix(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    full = probe.new_address(stack, "message_count=500")
    stack.turn_mail_log_over()
    came = Growth(stack)
    assert probe.answer_to(stack, f"x{inbox.address}")[0] == 550
    assert probe.answer_to(stack, f"y{inbox.address}")[0] == 550
    assert probe.answer_to(stack, full)[0] == 452
    assert probe.answer_to(stack, "somebody@example.net")[0] == 554
    wait_until(lambda: came[result("smtp_recipients", "foreign")] == 1)
    assert came[result("smtp_recipients", "unknown")] == 2
    assert came[result("smtp_recipients", "full")] == 1
    assert came["tempmail_smtp_recipient_duration_seconds_count"] == 4
    stack.turn_mail_log_over()
    assert came['tempmail_postfix_rejects_total{reason="unknown"}'] == 2
    assert came['tempmail_postfix_rejects_total{reason="full"}'] == 1
    assert came['tempmail_postfix_rejects_total{reason="refused"}'] == 1
    assert came["tempmail_postfix_connects_total"] == 4
    assert Read(stack)["tempmail_outbound_attempts_total"] == 0


def test_the_queue_is_seen_by_the_worker_with_its_own_rights(stack: Stack) -> None:
    inbox = client.new_inbox(stack)
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=60) as sender:
        sender.ehlo("client.example.org")
        sender.mail("alice@example.org")
        assert sender.rcpt(inbox.address)[0] == 250
        stack.processes["worker"].stop()
        assert sender.data(client.message("It waits").as_bytes())[0] == 250
    assert client.http_request(stack, "GET", "/metrics").status == 200
    assert Read(stack)['tempmail_up{server="delivery"}'] == 0
    stack.postfix.run("postsuper", "-h", "ALL")
    stack.start_worker()
    held = 'tempmail_queue_messages{queue="hold"}'
    wait_until(lambda: Read(stack)[held] == 1)
    assert Read(stack)["tempmail_queue_oldest_age_seconds"] > 0
    assert Read(stack)['tempmail_up{server="delivery"}'] == 1
    came = Growth(stack)
    stack.postfix.run("postsuper", "-H", "ALL")
    stack.postfix.run("postqueue", "-f")
    inbox.api.wait_for(1)
    wait_until(lambda: came["tempmail_ingest_age_seconds_count"] == 1)
    assert came["tempmail_ingest_age_seconds_sum"] > came["tempmail_ingest_duration_seconds_sum"]


def test_the_site_and_its_gate_are_counted(stack: Stack) -> None:
    browser = Browser(stack, VISITOR)
    came = Growth(stack)
    form = browser.form()
    assert browser.request("POST", "/create", **form, captcha="wrong").status == 422
    made = browser.request("POST", "/create", **form, **browser.proof())
    path = made.headers["location"]
    assert browser.request("GET", path).status == 200
    assert browser.request("GET", "/wp-login.php").status == 404
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=60)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    connection.request("GET", f"{path}events", headers={"Cookie": cookies})
    assert connection.getresponse().readline().startswith(b"retry:")
    wait_until(lambda: came["tempmail_event_streams_open"] == 1)
    connection.close()
    wait_until(lambda: came["tempmail_event_streams_open"] == 0)
    assert came['tempmail_captcha_verifications_total{kind="altcha",result="failed"}'] == 1
    assert came['tempmail_captcha_verifications_total{kind="altcha",result="passed"}'] == 1
    assert came["tempmail_mailboxes_created_total"] == 1
    requests = "tempmail_http_request_duration_seconds_count"
    assert came[f'{requests}{{route="web:create",status="422"}}'] == 1
    assert came[f'{requests}{{route="web:create",status="303"}}'] == 1
    assert came[f'{requests}{{route="web:inbox",status="200"}}'] == 1
    assert came[f'{requests}{{route="none",status="404"}}'] == 1
    for secret in (path, path.split("/")[2], VISITOR, "wp-login"):
        assert secret not in came.before.text + Read(stack).text


def test_a_purge_by_whatever_process_is_counted(stack: Stack) -> None:
    address = probe.new_address(stack)
    client.send(stack, client.message("Soon gone"), address)
    wait_until(lambda: probe.queued(stack) == 0)
    came = Growth(stack)
    probe.shell(
        stack,
        "from django.db.models.functions import Now\n"
        "from mailboxes.models.mailboxes import Mailbox\n"
        "from mailboxes.services import keys\n"
        "from mailboxes.rules import addresses\n"
        f"digest = keys.address_digest(addresses.parse({address!r}))\n"
        "rows = Mailbox.objects.filter(address_digest=digest)\n"
        "print(json.dumps(rows.update(ends_at=Now(), expires_at=Now())))",
    )
    stack.manage("purge")  # a process that is gone when we ask; or the task was faster
    wait_until(lambda: came['tempmail_purged_mailboxes_total{reason="expired"}'] >= 1)
    assert came["tempmail_purged_messages_total"] >= 1
    assert came["tempmail_purged_bytes_total"] > 0


@pytest.mark.parametrize("name", ["purge_ended_mailboxes", "take_sample"])
def test_tasks_are_timed_in_the_processes_that_run_them(stack: Stack, name: str) -> None:
    came = Growth(stack)
    task = f"mailboxes.{name}"
    send = f"from tempmail_site.celery import app\napp.send_task({task!r})\nprint(json.dumps(0))"
    probe.shell(stack, send)
    count = f'tempmail_task_duration_seconds_count{{result="success",task="{task}"}}'
    wait_until(lambda: came[count] >= 1)
    assert Read(stack)[f'tempmail_task_last_success_timestamp_seconds{{task="{task}"}}'] > 1e9


def test_samples_say_what_metrics_say(stack: Stack) -> None:
    code = (
        "from mailboxes.services import samples\n"
        "samples.take(); samples.take()\n"
        "one, two = samples.last(5)[-2:]\n"
        "print(json.dumps([two.values, [p.value for p in samples.per_minute([one, two], 'created')]]))"
    )
    values, grown = probe.shell(stack, code)
    now = Read(stack)
    assert values["recipients_stored"] == now[result("ingest_recipients", "stored")] > 0
    assert values["rcpt_unknown"] == now[result("smtp_recipients", "unknown")]
    assert values["created"] == now["tempmail_mailboxes_created_total"]
    assert values["mailboxes"] > 0
    assert values["queue"] >= 0  # as it was seconds ago
    assert grown == [0.0]
    assert json.dumps(values).count("@") == 0


def test_promtool_finds_nothing_in_names_and_units(stack: Stack) -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=Read(stack).text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    "words",
    [
        "check config prometheus.yml",
        "check rules --lint-fatal alerts.yml",
        "test rules alerts_test.yml",
    ],
)
def test_promtool_finds_nothing_in_the_alerts_and_their_tests_pass(words: str) -> None:
    checked = subprocess.run(
        ["promtool", *words.split()],
        cwd=CHECKOUT / "deploy" / "monitoring",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_the_runbook_says_to_ask_postfix_can_be_asked(stack: Stack) -> None:
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text()
    spans = set(re.findall(r"`(post\w+) -c CONFIG ([^`]*)`", runbook))
    assert {program for program, _ in spans} == {"postqueue", "postsuper", "postconf", "postfix"}
    for program, words in spans:
        told = stack.postfix.run(program, *words.replace("QUEUE_ID", "4jWDvv378nzJVr").split())
        assert "fatal:" not in told
        assert "usage:" not in told
    services = stack.postfix.run("postconf", "-M")
    assert re.search(r"^tempmail +unix", services, re.MULTILINE)
    assert not re.search(r"^(smtp|relay|local) +unix", services, re.MULTILINE)


def test_no_number_of_an_earlier_process_is_left_and_few_files_are(stack: Stack) -> None:
    directory = stack.state_dir / "metrics"
    assert directory.stat().st_mode & 0o777 == 0o700
    alive = len(list(directory.glob("*.lock")))
    assert alive < 16
    assert len(list(directory.glob("*.db"))) <= 6 * alive
