"""Backup and restore on a real PostgreSQL: what comes back, and what is in no backup."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from tests import documented
from tests.journey import remains
from tests.system import backups
from tests.system.backups import (
    KEEPING,
    SCRIPTS,
    Service,
    environment,
    execute,
    rows,
    run,
    secrets,
    tables,
)

# Why the rows of these are in no backup.
LEFT_OUT = {
    "mail": {"mailbox", "message", "messagesource", "operatormessage", "webhook", "webhookevent"},
    "kept for a time only": {
        *("abusereport", "canaryrun", "deduperecord", "idempotencyrecord"),
        *("moderationrecord", "purgerecord"),
    },
    "found out again": {"clockreading", "domainreport"},
}
OF_DJANGO = {"django_admin_log", "django_session"}


def listed() -> set[str]:
    """The tables whose rows are backed up."""
    lines = (SCRIPTS / "tables").read_text().splitlines()
    return {line for line in lines if not line.startswith("#")}


def test_every_table_is_backed_up_or_left_out_for_a_reason() -> None:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    left_out = {f"mailboxes_{name}" for names in LEFT_OUT.values() for name in names} | OF_DJANGO
    assert not listed() & left_out
    assert listed() | left_out == tables | {"django_migrations"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with backups.service() as made:
        yield made


@pytest.fixture(scope="module")
def restored(service: Service) -> str:
    """The URL of a database that the backup was restored into."""
    url = service.new_database("after")
    done = run(
        service.directory, url, SCRIPTS / "restore.sh", "database", service.backup, service.identity
    )
    assert done.returncode == 0, done.stderr
    assert b"4 addresses will not be given out again" in done.stdout
    return url


def test_what_is_listed_comes_back_whole_and_of_the_rest_the_definition(
    service: Service, restored: str
) -> None:
    before = service.url("before")
    assert tables(restored) == tables(before)
    for table in tables(before):
        there = rows(restored, table)
        assert there == (rows(before, table) if table in listed() else []), table
    for table in ("mailboxes_domain", "mailboxes_issuedaddress", "mailboxes_block", "auth_user"):
        assert rows(restored, table)
    for left_out in ("mailboxes_message", "mailboxes_mailbox", "mailboxes_operatormessage"):
        assert rows(before, left_out), "there was nothing to leave out"
    definitions = (
        "SELECT tablename || indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT translate(relname, '0123456789', '') || reloptions::text FROM pg_class"
        " WHERE reloptions IS NOT NULL ORDER BY 1",
    )
    for statement in definitions:
        assert execute(restored, statement) == execute(before, statement) != []


def test_the_service_goes_on_and_gives_no_address_out_twice(
    service: Service, restored: str
) -> None:
    facts = json.dumps(service.facts)
    migrated = run(service.directory, restored, "python", "manage.py", "migrate", "--verbosity=0")
    assert migrated.returncode == 0, migrated.stderr
    done = run(service.directory, restored, "python", KEEPING / "go_on.py", FACTS=facts)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "chosen name again": "AddressTaken",
        "mail to an address from before": "unknown",
        "token from before": "UnknownToken",
        "api key": "mine",
        "operator": True,
        "recovery code": True,
        "blocked sender": True,
        "a new mailbox takes mail": 1,
    }


def test_with_another_key_the_database_is_refused(service: Service, restored: str) -> None:
    words = ["python", "manage.py", "check", "--database", "default"]
    assert run(service.directory, restored, *words).returncode == 0
    wrong = run(service.directory, restored, *words, ADDRESS_DIGEST_KEY="B" * 43 + "=")
    assert wrong.returncode != 0
    assert b"ADDRESS_DIGEST_KEY" in wrong.stderr


def test_no_backup_holds_mail_mailboxes_or_keys(service: Service) -> None:
    dump = gzip.decompress(service.decrypted(service.backup / "database.sql.gz.age"))
    archive = service.decrypted(service.backup / "configuration.tar.age")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["tempmail.env", "backup-recipients"]
    values: list[str | bytes] = [*service.facts["tokens"], *service.facts["words"]]
    for table in set(tables(service.url("before"))) - listed():
        for row in execute(service.url("before"), f"SELECT * FROM {table}"):  # noqa: S608
            values += [bytes(value) for value in row if isinstance(value, memoryview)]
            values += [str(value) for value in row if len(str(value)) in (16, 36)]  # ids
    keys = [line.partition("=")[2] for line in secrets(service.directory).read_text().splitlines()]
    needles = remains.needles([value for value in [*values, *keys] if value])
    issued = {
        bytes(row[0]) for row in execute(service.url("before"), "TABLE mailboxes_issuedaddress")
    }
    assert len(needles) > 40
    assert remains.found_in(dump, needles) == issued & {needle.value for needle in needles}
    assert not remains.found_in(archive, needles)


def test_nothing_readable_is_on_the_disk(service: Service) -> None:
    assert {path.name for path in service.backup.iterdir()} == {
        *("SHA256SUMS", "configuration.tar.age", "database.sql.gz.age")
    }
    needles = remains.needles(["mail.example", *service.facts["words"], "CREATE TABLE"])
    assert not remains.found_in_files([service.directory / "backups"], needles)
    for path in (service.backup, *service.backup.iterdir()):
        assert path.stat().st_mode & 0o077 == 0


def test_the_keys_are_written_apart(service: Service) -> None:
    done = run(service.directory, "", SCRIPTS / "backup.sh", "keys")
    assert done.returncode == 0
    (service.directory / "keys.age").write_bytes(done.stdout)
    kept = service.decrypted(service.directory / "keys.age")
    assert kept == secrets(service.directory).read_bytes()


def test_the_configuration_comes_back(service: Service) -> None:
    target = service.directory / "restored"
    words = ["configuration", service.backup, service.identity, target]
    done = run(service.directory, "", SCRIPTS / "restore.sh", *words)
    assert done.returncode == 0, done.stderr
    assert (target / "tempmail.env").read_text() == "SITE_URL=https://mail.example\n"


def test_the_commands_of_the_documentation_run(service: Service, tmp_path: Path) -> None:
    """In their order: a key pair, the keys apart, a backup, its settings. Restoring: test_backup_booted.py."""
    (tmp_path / "deploy").symlink_to(documented.ROOT / "deploy")
    env = {
        **environment(service.directory, service.url("before")),
        "BACKUP_DIR": str(tmp_path / "backups"),
        "BACKUP_RECIPIENTS": str(tmp_path / "backup-recipients"),
        "identity": str(tmp_path / "tempmail-backup-identity.txt"),
        "target": str(tmp_path / "restored"),
    }
    for block in documented.blocks(__file__, "docs/operate.md"):
        made = list((tmp_path / "backups").glob("*"))
        words = ["bash", "-euo", "pipefail", "-c", block]
        with_backup = {**env, "backup": str(made[0])} if made else env
        done = subprocess.run(
            words, cwd=tmp_path, env=with_backup, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "tempmail-keys.age").read_bytes().startswith(b"age-encryption.org")
    assert (tmp_path / "restored" / "tempmail.env").exists()
