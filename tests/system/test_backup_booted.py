"""The commands of docs/operate.md on a machine with systemd as PID 1: from a backup through a loss to mail again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import documented
from tests.journey import remains
from tests.system import booted, booted_service, machine
from tests.system.booted import Machine, ask, wait_until
from tests.system.booted_service import SITE, is_active

LOOKING, BACKUP, RESTORE = documented.blocks(__file__, "docs/operate.md")
KEPT = "/root/kept"  # stands for another place: a pair of keys, a backup, the keys of the service
UP = "/root/up"  # a file that is as old as the machine
RECIPIENTS, SECRETS = "/etc/tempmail/backup-recipients", "/etc/tempmail/secrets.env"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with everything running."""
    booted.needs_booting()
    machine.needs_programs("age", "age-keygen")
    with Machine(tmp_path_factory.mktemp("booted")) as made:
        wait_until_up(made)
        made.run("touch", UP)
        yield made


def wait_until_up(server: Machine) -> None:
    for unit in booted_service.DAEMONS:
        wait_until(lambda unit=unit: is_active(server, unit), unit)  # type: ignore[misc]
    wait_until(lambda: ask(server.path(SITE), "GET", "/healthz")[0] == 200, "the site")


def run(server: Machine, block: str) -> str:
    """Run a block as it stands on the page."""
    kept = [f"{name}={KEPT}/{name}" for name in ("backup", "keys", "identity")]
    place = ["env", "-C", "/opt/tempmail/current", *kept]
    return server.run(*place, "bash", "-euo", "pipefail", "-c", block)


def test_it_is_restarted_stopped_and_started(server: Machine) -> None:
    said = run(server, LOOKING)
    assert "tempmail-worker.socket" in said
    wait_until_up(server)


def test_without_a_public_key_there_is_no_backup(server: Machine) -> None:
    server.systemctl("start", "tempmail-backup.service")
    assert server.shows("tempmail-backup.service", "ConditionResult") == "no"
    assert "there is none in" in server.manage("doctor", "backups")
    assert server.systemctl("is-active", "tempmail-backup.timer").strip() == "active"


def test_what_was_backed_up_comes_back_and_no_address_is_given_out_twice(server: Machine) -> None:
    key = server.manage("create_api_key", "tests").splitlines()[-1]
    box = booted_service.new_mailbox(server, key)
    assert booted_service.send(server, box["address"]).startswith("250")
    server.run("mkdir", "-m", "700", KEPT)
    server.run("age-keygen", "-o", f"{KEPT}/identity")
    public = server.run("age-keygen", "-y", f"{KEPT}/identity")
    server.path(RECIPIENTS).write_text(public)
    server.run("chown", "root:tempmail", RECIPIENTS)

    made = Path(run(server, BACKUP).strip()).parent
    assert server.run("stat", "-c", "%U %a", str(made)).strip() == "tempmail 700"
    assert "the last one was made" in server.manage("doctor", "backups")
    server.run("cp", "-r", str(made), f"{KEPT}/backup")
    keys = "deploy/backup/backup.sh keys > $keys"
    run(server, keys)

    before = issued(server)
    lose_everything(server)
    run(server, RESTORE)
    wait_until_up(server)
    assert issued(server) == before
    assert booted_service.send(server, box["address"]).startswith("550")
    new = booted_service.new_mailbox(server, key)
    assert booted_service.send(server, new["address"], "Zanzibar").startswith("250")
    wait_until(lambda: len(booted_service.listed(server, new)) == 1, "the mail")
    assert_unlogged(server, box["address"], box["token"], new["address"], new["token"])


def assert_unlogged(server: Machine, *words: str) -> None:
    """Neither a log on a disk, the journal included, nor a backup tells who got mail, by which token, or from whom."""
    parts = [word.partition("@")[0] for word in words]
    needles = remains.needles([*words, *parts, "a@example.org", "192.0.2.9", "Zanzibar"])
    logs = [server.path(f"/var/log/{name}") for name in ("tempmail", "postgresql", "redis")]
    assert any(logs[0].rglob("*.log"))
    assert not remains.found_in_files([*logs, server.path("/var/lib/tempmail-backup")], needles)
    journal = server.run("journalctl", "--no-pager", "--output=export").encode()
    assert b"__CURSOR" in journal
    assert not remains.found_in(journal, needles)


def issued(server: Machine) -> str:
    """The fingerprints of all addresses ever given out."""
    sql = "SELECT encode(digest, 'hex') FROM mailboxes_issuedaddress ORDER BY 1"
    return server.run("runuser", "-u", "postgres", "--", "psql", "-XAtd", "tempmail", "-c", sql)


def lose_everything(server: Machine) -> None:
    """As on a new host: an empty database, and other keys."""
    server.run("rm", "-r", SECRETS, "/var/lib/tempmail-backup")
    python = ".venv/bin/python -m tempmail_site.secrets_file"
    run(server, f"{python} {SECRETS}; chown root:tempmail {SECRETS}; chmod 640 {SECRETS}")
    run(server, "runuser -u postgres -- psql -Xqd tempmail -c 'DROP OWNED BY tempmail'")


def written(server: Machine, *condition: str) -> list[str]:
    """The files that the machine has written, and that this holds for."""
    find = ["find", "/", "-xdev", "-type", "f", *condition, "-printf", "%D %p\n"]
    device = server.run("stat", "-c", "%d", UP).strip()
    lines = server.run(*find, check=False).splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{device} ")]


def test_every_file_that_was_written_is_in_the_table_of_retentions(server: Machine) -> None:
    """On this root file system, by all programs of the machine, since it runs."""
    page = (documented.ROOT / "docs" / "retention.md").read_text()
    named = [path.split("*")[0].rstrip("/") for path in re.findall(r"`(/[^` ]+)`", page)]
    # Files of the copy and of this machine below it are told apart by their device (overlayfs: "Inode properties").
    found = written(server, "-newer", UP)
    assert any(path.startswith("/var/lib/postgresql/") for path in found)
    places = [*named, KEPT]
    unknown = [path for path in found if not path.startswith(tuple(f"{p}/" for p in places))]
    assert "\n".join(path for path in unknown if path not in places) == ""


def test_the_backups_process_cannot_read_the_keys(server: Machine) -> None:
    """What its unit says, tried by a command in its place."""
    drop_in = server.path("/run/systemd/system/tempmail-backup.service.d/try.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(f"[Service]\nExecStart=\nExecStart=/usr/bin/cat {SECRETS}\n")
    server.systemctl("daemon-reload")
    server.run("systemctl", "start", "tempmail-backup.service", check=False)
    assert server.shows("tempmail-backup.service", "ExecMainStatus") == "1"
