"""Our service in a booted machine: asking its site, mailing its port 25, and load on both."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.system import booted
from tests.system.booted import Machine, ask

DAEMONS = ("site", "streams", "worker", "tasks", "beat")
SITE, STREAMS = "/run/tempmail/site.sock", "/run/tempmail/streams.sock"
PROXIED = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "http"}


def is_active(server: Machine, unit: str) -> bool:
    return server.shows(f"tempmail-{unit}.service", "ActiveState") == "active"


def main_pid(server: Machine, unit: str) -> int:
    """Its process id as the machine counts them."""
    return int(server.shows(f"tempmail-{unit}.service", "MainPID"))


def new_mailbox(server: Machine, key: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", **PROXIED}
    status, body = ask(server.path(SITE), "POST", "/api/generate", "{}", headers)
    assert status == 201, body
    return dict(json.loads(body))


def listed(server: Machine, box: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {box['token']}", **PROXIED}
    url = f"/api/emails/me?limit=100{query}"
    status, body = ask(server.path(STREAMS), "GET", url, "", headers)
    assert status == 200, body
    return list(json.loads(body)["items"])


def all_subjects(server: Machine, box: dict[str, Any]) -> list[str]:
    """Every subject in a mailbox, by its pages."""
    found: list[str] = []
    headers = {"Authorization": f"Bearer {box['token']}", **PROXIED}
    cursor = ""
    while True:
        url = f"/api/emails/me?limit=100{cursor}"
        status, body = ask(server.path(STREAMS), "GET", url, "", headers)
        assert status == 200, body
        data = json.loads(body)
        found += [item["subject"] for item in data["items"]]
        if not data.get("next_cursor"):
            return found
        cursor = f"&cursor={data['next_cursor']}"


def send(server: Machine, address: str, subject: str = "Hello") -> str:
    """Send one message to port 25 of the machine; return the answer's code."""
    program = "import sys; from tests.system import smtp_senders as s; print(s.send(*sys.argv[1:]))"
    process = server.in_its_network("-c", program, address, subject)
    return process.communicate(timeout=120)[0].strip()


@contextlib.contextmanager
def mail_load(server: Machine, address: str) -> Iterator[dict[str, Any]]:
    """Mail without pause meanwhile; what became of it is there afterwards."""
    outcome: dict[str, Any] = {}
    line = ["nsenter", f"--target={server.pid}", "--net", sys.executable]
    sender = subprocess.Popen(
        [*line, "-m", "tests.system.smtp_senders", address, "3"],
        cwd=booted.CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(1)
        yield outcome
        time.sleep(1)
    finally:
        printed, _ = sender.communicate("", timeout=120)
    outcome.update(json.loads(printed))


@contextlib.contextmanager
def page_load(server: Machine, paths: dict[str, str]) -> Iterator[Counter[str]]:
    """Requests without pause meanwhile, one thread for each socket (`paths`: URL by socket)."""
    results, stop = Counter[str](), threading.Event()

    def work(place: str, url: str) -> None:
        while not stop.is_set():
            try:
                results[str(ask(server.path(place), "GET", url, "", PROXIED)[0])] += 1
            except OSError as error:
                results[type(error).__name__] += 1

    threads = [threading.Thread(target=work, args=pair) for pair in paths.items()]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        yield results
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
