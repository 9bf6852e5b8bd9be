"""An instance behind a real pgbouncer in transaction mode, with fewer connections than it has processes."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from deploy.local import owner, ports
from deploy.local.processes import Child
from deploy.local.servers import PostgreSQL, find
from tests.faults.instances import instance
from tests.faults.load import Load
from tests.faults.service import Service
from tests.journey.client import Api
from tests.system import machine

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "pgbouncer" / "pgbouncer.ini"
LENT = 3  # connections to PostgreSQL, for all


@dataclass
class Pooled:
    """A database behind a pooler, and the server itself."""

    server: PostgreSQL
    directory: Path
    port: int

    def url(self, database: str) -> str:
        """By the pooler."""
        return f"postgres://postgres@{ports.LOOPBACK}:{self.port}/{database}"


@pytest.fixture(scope="module")
def pooled() -> Iterator[Pooled]:
    machine.needs_root()
    machine.needs_programs("pgbouncer", "postfix", "redis-server")
    with tempfile.TemporaryDirectory(prefix="tempmail-pooler-") as scratch:
        Path(scratch).chmod(0o755)  # both run as another user
        env = dict(os.environ)
        with PostgreSQL(Path(scratch) / "cluster", env, durable=False) as server:
            found = Pooled(server, Path(scratch) / "pooler", ports.free())
            _run(server.url(), "CREATE DATABASE tempmail")
            pooler = _pooler(found)
            pooler.start()
            try:
                pooler.wait_until(lambda: _answers(found.url("tempmail")))
                yield found
            finally:
                pooler.stop()


def test_by_the_socket_each_user_is_the_role_of_its_own_name(pooled: Pooled) -> None:
    asked = ["psql", "-h", str(pooled.directory), "-p", str(pooled.port), "-U", "postgres"]
    status = {
        user: subprocess.run(
            [
                "setpriv",
                "--reuid",
                user,
                "--clear-groups",
                "--",
                *asked,
                "-c",
                "SELECT 1",
                "tempmail",
            ],
            check=False,
            capture_output=True,
            cwd="/",
        ).returncode
        for user in ("postgres", "nobody")
    }
    assert (status["postgres"], status["nobody"] > 0) == (0, True)


def _pooler(pooled: Pooled) -> Child:
    """The file that is shipped, but for where it listens and whom it asks."""
    directory = pooled.directory
    user = owner.named("postgres")
    owner.make_directory(directory, user)
    users, settings = directory / "users", directory / "pgbouncer.ini"
    users.write_text('"postgres" ""\n')
    access = directory / "hba.conf"
    access.write_text(
        f"{(SHIPPED.parent / 'hba.conf').read_text()}\nhost all all 127.0.0.1/32 trust\n"
    )
    shipped = SHIPPED.read_text()
    assert "host=/run/postgresql" in shipped
    asked = f"host={ports.LOOPBACK} port={pooled.server.port}"
    # a section that is named twice begins anew, and the last one of a name counts
    settings.write_text(
        shipped.replace("host=/run/postgresql", asked)
        + f"listen_addr = {ports.LOOPBACK}\nlisten_port = {pooled.port}\n"
        f"unix_socket_dir = {directory}\nauth_hba_file = {access}\nauth_file = {users}\n"
        f"default_pool_size = {LENT}\nreserve_pool_size = 0\nquery_wait_timeout = 30\n"
    )
    for path in (users, access, settings):
        user.give(path)
    env = {"PATH": os.environ["PATH"]}
    command = [find("pgbouncer"), str(settings)]
    return Child("pgbouncer", command, env, directory, directory / "log", user)


def test_mail_comes_in_and_is_read_with_three_connections(pooled: Pooled) -> None:
    """Three processes of delivery, site and tasks with threads of their own share them."""
    url = f"{pooled.url('tempmail')}?disable_server_side_cursors=True"
    with instance(url, {"DELIVERY_PROCESSES": "3"}) as stack:
        service = Service(stack)
        service.begin()
        with service.load(sessions=6) as load:
            _read_meanwhile(service, load)
        service.settle_and_audit()
        lent = _run(
            pooled.server.url(), "SELECT count(*) FROM pg_stat_activity WHERE datname = 'tempmail'"
        )
        assert 0 < lent <= LENT
        stack.manage("purge")


def _read_meanwhile(service: Service, load: Load) -> None:
    """Lists, waits and searches, which read in batches, all at once while mail comes."""
    load.wait_for(30)
    apis = [Api(service.stack, token) for token in service.tokens.values()]
    paths = ["emails/me", "emails/me?subject=load", "emails/me?wait=1", "addresses/me"]
    asked = [(api, path) for api in apis for path in paths] * 3
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda one: one[0]("GET", one[1]), asked))
    assert {answer.status for answer in answers} <= {200, 429}  # 429: two waits at a time
    assert [answer.status for answer in answers].count(200) > len(asked) // 2


def test_libpq_may_ask_through_it_for_a_primary(pooled: Pooled) -> None:
    """So several poolers can be named, one on each PostgreSQL host; the first one here is not there."""
    several = pooled.url("tempmail").replace("@", f"@{ports.LOOPBACK}:{ports.free()},")
    assert _run(f"{several}?target_session_attrs=read-write", "SELECT 1") == 1


def test_a_server_side_cursor_does_not_hold_here(pooled: Pooled) -> None:
    """Why disable_server_side_cursors is needed: what Django would declare is on another connection next time."""
    one, other = (psycopg2.connect(pooled.url("tempmail")) for _ in range(2))
    try:
        one.autocommit = True
        cursor = one.cursor("kept", withhold=True)
        cursor.itersize = 10
        cursor.execute("SELECT generate_series(1, 1000)")
        other.cursor().execute("SELECT 1")  # takes that connection, and keeps it until it commits
        with pytest.raises(psycopg2.errors.InvalidCursorName):
            cursor.fetchmany(10)
    finally:
        one.close()
        other.close()


def _answers(url: str) -> bool:
    try:
        return _run(url, "SELECT 1") == 1
    except psycopg2.OperationalError:
        return False


def _run(url: str, statement: str) -> int:
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.fetchone()[0]) if cursor.description else 0
    finally:
        connection.close()
