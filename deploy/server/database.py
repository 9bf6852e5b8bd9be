"""PostgreSQL: running, the database and its owner, migrations before the new code serves, least rights after them."""

import hashlib
import time
from pathlib import Path

from deploy.server import commands, environment, layout, record, services
from deploy.server.options import Options
from deploy.server.steps import Step

_TRIES = 10  # of a migration that has to wait for a lock
_DATABASE = "SELECT count(*) FROM pg_database WHERE datname = '{name}'"
_ROLE = "SELECT count(*) FROM pg_roles WHERE rolname = '{name}'"
_HAS_DOMAIN = "SELECT count(*) FROM mailboxes_domain WHERE name = '{name}'"


def steps(wanted: Options, place: Path) -> list[Step]:
    """The server, the database, the tables of the release in `place`, rights, the first domain."""
    return [
        Step("PostgreSQL", lambda: "" if answers() else "it does not answer", _start),
        Step("database", _database_missing, _create),
        Step("migrations", lambda: _unapplied(place), lambda: _migrate(place)),
        Step("rights in the database", lambda: _rights_differ(place), lambda: _grant(place)),
        Step("first domain", lambda: _domain_missing(wanted), lambda: _add_domain(wanted, place)),
    ]


def sql(statement: str, database: str = "postgres") -> str:
    """Run statements as the superuser, in one transaction where that can be; return what they print."""
    words = ("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database)
    return commands.run(*words, user="postgres", text=statement).strip()


def exists() -> bool:
    """Tell whether there is a database of ours."""
    return answers() and sql(_DATABASE.format(name=layout.DATABASE)) == "1"


def drop() -> None:
    """Remove database and roles, with all that is in them."""
    sql(f"DROP DATABASE IF EXISTS {layout.DATABASE} WITH (FORCE);")
    for role in (*layout.SERVICE_USERS, layout.OWNER):
        sql(f'DROP ROLE IF EXISTS "{role}";')


def cluster() -> Path:
    """Return the configuration directory of the newest cluster `main`. Raises FileNotFoundError."""
    found = sorted(Path("/etc/postgresql").glob("*/main"), key=lambda path: int(path.parts[3]))
    if not found:
        raise FileNotFoundError("no PostgreSQL cluster `main` below /etc/postgresql")
    return found[-1]


def answers() -> bool:
    """Tell whether PostgreSQL takes connections of its superuser."""
    return commands.succeeds(
        "psql", "-X", "-q", "-d", "postgres", "-c", "SELECT 1", user="postgres"
    )


def _start() -> None:
    services.start_packaged("postgresql")
    services.wait_until(answers, "PostgreSQL")


def _database_missing() -> str:
    return "" if exists() else f"there is no database {layout.DATABASE}"


def _create() -> None:
    if sql(_ROLE.format(name=layout.OWNER)) == "0":
        sql(f'CREATE ROLE "{layout.OWNER}" LOGIN;')
    words = f"OWNER \"{layout.OWNER}\" ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
    sql(f"CREATE DATABASE {layout.DATABASE} {words};")


def _unapplied(place: Path) -> str:
    if not exists():
        return "all"
    python = place / ".venv" / "bin" / "python"
    words = (python, "-B", place / "manage.py", "migrate", "--check")
    done = commands.attempt(*words, user=layout.OWNER, env=environment.for_role(place), cwd=place)
    return "" if done.returncode == 0 else "some are not applied"


def _migrate(place: Path) -> None:
    """Old code serves meanwhile: whoever reads a table holds up its ALTER TABLE, and that all who come after it."""
    record.note(rights="")  # rights on new tables follow
    python = place / ".venv" / "bin" / "python"
    words = (python, "-B", place / "manage.py", "migrate", "--verbosity", "0")
    env = {**environment.for_role(place), "PGOPTIONS": "-c lock_timeout=3s"}
    for left in reversed(range(_TRIES)):
        done = commands.attempt(*words, user=layout.OWNER, env=env, cwd=place)
        if done.returncode == 0:
            return
        if not left or "LockNotAvailable" not in done.stderr:
            raise commands.CommandFailed(f"migrate: {done.stderr[-2000:]}")
        time.sleep(2)


def _rights_differ(place: Path) -> str:
    return "" if record.read().get("rights") == _rights(place) else "not those of this release"


def _rights(place: Path) -> str:
    tables = (
        sql("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class", layout.DATABASE)
        if exists()
        else ""
    )
    return hashlib.sha256(f"{_roles(place)}\0{tables}".encode()).hexdigest()


def _grant(place: Path) -> None:
    sql(_roles(place), layout.DATABASE)
    record.note(rights=_rights(place))


def _roles(place: Path) -> str:
    path = place / "deploy" / "postgresql" / "roles.sql"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _domain_missing(wanted: Options) -> str:
    if (
        not exists()
        or sql("SELECT to_regclass('mailboxes_domain') IS NULL", layout.DATABASE) == "t"
    ):
        return f"no {wanted.domain}"
    found = sql(_HAS_DOMAIN.format(name=wanted.domain), layout.DATABASE)
    return "" if found == "1" else f"no {wanted.domain}"


def _add_domain(wanted: Options, place: Path) -> None:
    environment.manage("add_domain", wanted.domain, release=place)
