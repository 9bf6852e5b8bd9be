"""Files of a server that say the same thing in two places: rights, logs, layout. Read, not run."""

import re
import shlex
from pathlib import Path

import pytest
from django.apps import apps

from delivery.worker import addresses
from deploy.local.servers import QUIET_LOG

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = DEPLOY / "systemd"
PROGRAMS = ("site", "streams", "worker", "tasks", "beat", "purge")


def values(path: Path, name: str) -> list[str]:
    """Return what a unit says for a name, in order."""
    lines = path.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def test_each_table_is_somebodys_or_named_as_nobodys() -> None:
    text = (DEPLOY / "postgresql" / "roles.sql").read_text()
    named = set(re.findall(r"\b(?:mailboxes|auth|otp|django)_\w+", text))
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert tables - named == set()
    assert named - tables == set()


def test_no_program_can_undo_that_an_address_was_issued() -> None:
    text = (DEPLOY / "postgresql" / "roles.sql").read_text()
    grants = re.findall(r"^GRANT (.*?) ON (.*?)TO (.*?);", text, re.DOTALL | re.MULTILINE)
    rights = {right for right, tables, _ in grants if "mailboxes_issuedaddress" in tables}
    assert rights == {"SELECT, INSERT"}


def test_postgresql_logs_as_little_as_in_make_run() -> None:
    lines = (DEPLOY / "postgresql" / "tempmail.conf").read_text().splitlines()
    pairs = dict(line.split(" = ") for line in lines if " = " in line and not line.startswith("#"))
    assert {name: pairs.get(name) for name in QUIET_LOG} == QUIET_LOG
    assert pairs["listen_addresses"] == "''"
    assert pairs["fsync"] == pairs["synchronous_commit"] == pairs["full_page_writes"] == "on"


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_log_is_in_a_directory_of_its_program_and_turned_over_as_its_user(name: str) -> None:
    unit = UNITS / f"tempmail-{name}.service"
    (user,) = values(unit, "User")
    assert f"LOG_FILE=/var/log/tempmail/{name}/{name}.log" in values(unit, "Environment")
    assert values(unit, "LogsDirectory") == [f"tempmail/{name}"]
    made = [line.split() for line in (UNITS / "tempmail.tmpfiles").read_text().splitlines()]
    assert ["d", f"/var/log/tempmail/{name}", "0700", user, "tempmail"] in made
    blocks = (DEPLOY / "logrotate" / "tempmail-server.conf").read_text().split("}")
    (mine,) = [block for block in blocks if f"/var/log/tempmail/{name}/{name}.log" in block]
    assert f"su {user} tempmail" in mine
    assert "rotate 6\n" in mine  # with the one of today LOG_RETENTION_DAYS


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_program_reads_the_layout_first_and_the_operators_values_last(name: str) -> None:
    unit = UNITS / f"tempmail-{name}.service"
    files = values(unit, "EnvironmentFile")
    assert [Path(file).name for file in files] == ["layout.env", "tempmail.env", "secrets.env"]
    assert "DATABASE_URL=postgres:///tempmail?host=/run/postgresql" in values(unit, "Environment")


def test_the_workers_sockets_have_the_names_and_paths_that_it_looks_for() -> None:
    layout = dict(
        line.split("=", 1)
        for line in shlex.split((UNITS / "layout.env").read_text(), comments=True)
        if "=" in line
    )
    (names,) = values(UNITS / "tempmail-worker.service", "Sockets")
    found = {}
    for unit in names.split():
        (found_name,) = values(UNITS / unit, "FileDescriptorName")
        (path,) = values(UNITS / unit, "ListenStream")
        found[found_name] = path
    directory = f"{layout['QUEUE_DIRECTORY']}/tempmail"
    assert found == {one.name: f"{directory}/{one.path.name}" for one in addresses()}


def test_the_clients_of_each_socket_have_its_group() -> None:
    groups = {
        path.stem: (values(path, "SocketGroup"), values(path, "SocketMode"))
        for path in UNITS.glob("*.socket")
    }
    assert groups == {
        "tempmail-site": (["www-data"], ["0660"]),
        "tempmail-streams": (["www-data"], ["0660"]),
        "tempmail-worker": (["tempmail-script"], ["0660"]),
        "tempmail-worker-policy": (["postfix"], ["0660"]),
        "tempmail-worker-lmtp": (["postfix"], ["0660"]),
    }
