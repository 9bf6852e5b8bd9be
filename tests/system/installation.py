"""A bare machine with this checkout in it, and what the tests of the installer do there."""

import contextlib
import http.client
import json
import shutil
import smtplib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.server.self_test import connected, unverified
from tests.system.chroot import ADDRESS, CHECKOUT, Chroot

TREE = "/srv/tree"
DOMAIN = HOST = "mail.example"
HERE = ("--skip-dns", "--with-authentication")  # what no page says: there is no DNS
OPTIONS = ("--domain", DOMAIN, "--site", f"https://{HOST}", "--skip-dns", "--with-authentication")
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "var", "__pycache__", ".*_cache", "tests", "images", ".hypothesis"
)


def bring_tree(machine: Chroot, tree: str = TREE, version: str = "") -> None:
    """Copy this checkout into the machine; a second tree is a copy of the first, perhaps as another version."""
    target = machine.path(tree)
    source = CHECKOUT if tree == TREE else machine.path(TREE)
    shutil.copytree(source, target, ignore=_LEFT_OUT)
    if version:
        project = target / "pyproject.toml"
        project.write_text(
            project.read_text().replace('\nversion = "', f'\nversion = "{version}.', 1)
        )


def install(
    machine: Chroot, *more: str, tree: str = TREE, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the installer of a tree and return what it said."""
    return machine.run(f"{tree}/deploy/install.sh", *OPTIONS, *more, check=check)


def said(
    machine: Chroot, command: str, *more: str, tree: str = TREE
) -> subprocess.CompletedProcess[str]:
    """Run a command of the installer as a page says it, with further options, in a tree."""
    return machine.run("sh", "-ec", f'cd {tree}; {command.strip()} "$@"', "sh", *more)


def cut_short(machine: Chroot, command: str, at: str, after: float) -> None:
    """Start the installer as a page says it, and kill it with all that it runs so long after it has begun a step."""
    process = machine.start("sh", "-ec", f'cd {TREE}; {command.strip()} "$@"', "sh", *HERE)
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith(f"{at}:"):
            break
    else:
        raise AssertionError(f"the installer never came to {at}:\n{said}")
    time.sleep(after)
    machine.kill(process)


def call(
    machine: Chroot, method: str, path: str, bearer: str = "", body: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request to port 443 of the machine, as a browser would make it but for the certificate."""

    def ask() -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(connected(ADDRESS, HOST)) as connection:
            headers = {"Host": HOST} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()

    return machine.connected(ask)


def send(machine: Chroot, recipient: str, subject: str) -> None:
    """A mail to port 25 of the machine, as a mail server sends it."""

    def deliver() -> None:
        with smtplib.SMTP(ADDRESS, 25, "sender.example.org", timeout=60) as session:
            session.starttls(context=unverified())
            text = f"From: a@example.org\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nHello.\r\n"
            session.sendmail("a@example.org", [recipient], text)

    machine.connected(deliver)


def mailbox(machine: Chroot, key: str) -> tuple[str, str]:
    """A new address and its token."""
    status, _, text = call(machine, "POST", "/api/generate", key, "{}")
    assert status == 201, text
    made: dict[str, Any] = json.loads(text)
    return made["address"], made["token"]


@dataclass
class Crowd:
    """Threads that ask the site and the mail server all the time; what was not answered well is counted."""

    machine: Chroot
    recipient: str
    answers: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def going_on(self) -> Iterator["Crowd"]:
        """Run them during a block."""
        threads = [
            threading.Thread(target=self.machine.connected, args=(each,))
            for each in (self._pages, self._mail)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _pages(self) -> None:
        while not self.over.is_set():
            try:
                with contextlib.closing(connected(ADDRESS, HOST)) as connection:
                    connection.request("GET", "/", headers={"Host": HOST})
                    answer = connection.getresponse()
                    answer.read()
                self.answers[f"page {answer.status}"] += 1
            except (OSError, http.client.HTTPException) as error:
                self.answers[f"page {type(error).__name__}"] += 1
            self.over.wait(0.02)

    def _mail(self) -> None:
        number = 0
        while not self.over.is_set():
            subject, number = f"during {number}", number + 1
            text = f"From: a@example.org\r\nTo: {self.recipient}\r\nSubject: {subject}\r\n\r\nHello.\r\n"
            try:
                with smtplib.SMTP(ADDRESS, 25, "sender.example.org", timeout=60) as session:
                    session.sendmail("a@example.org", [self.recipient], text)
                self.answers["mail 250"] += 1
                self.accepted.append(subject)
            except smtplib.SMTPRecipientsRefused as error:
                self.answers[f"mail {next(iter(error.recipients.values()))[0]}"] += 1
            except (OSError, smtplib.SMTPException) as error:
                self.answers[f"mail {type(error).__name__}"] += 1
            self.over.wait(0.5)  # below the limits for one client, and what a mailbox holds


def subjects(machine: Chroot, token: str) -> Counter[str]:
    """The subjects of all mail in a mailbox."""
    found: Counter[str] = Counter()
    path = "/api/emails/me?limit=100"
    while path:
        status, _, text = call(machine, "GET", path, token)
        assert status == 200, text
        page = json.loads(text)
        found.update(each["subject"] for each in page["items"])
        path = (
            f"/api/emails/me?limit=100&cursor={page['next_cursor']}"
            if page.get("next_cursor")
            else ""
        )
    return found


def listing(machine: Chroot) -> set[str]:
    """Every path of the machine that an installation could leave something in."""
    places = ("etc", "opt", "usr/local", "var/lib", "var/log", "var/spool", "run")
    root = machine.path("/")
    words = [f"/{place}" for place in places if (root / place).exists()]
    found = machine.run("find", *words, "-xdev", "-print").stdout.splitlines()
    return set(found) - {"/run/tempmail-install.lock"}


def current(machine: Chroot) -> str:
    """The release that serves."""
    return Path(machine.run("readlink", "/opt/tempmail/current").stdout.strip()).name
