"""A whole journey on a running instance, and then: every log that it left, line by line."""

import contextlib
import http.client
import json
import os
import re
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest
import redis

from deploy.local.servers import QUIET_LOG
from deploy.local.stack import Stack
from postfix import log_counts
from tests.journey import client, probe
from tests.journey.client import Answer
from tests.journey.gate import Browser

VISITOR, SENDER = "127.0.3.77", "127.0.3.78"
AGENT = "Kestrel-Browser/9.7 (Marmot; Linux)"
WORDS = ("Zanzibar-subject", "quetzal-body", "okapi-name", "okapi@example.org", "narwhal-file")
QUERY = "axolotl-query"
HOOK = "ocelot-hook"
SQL_VALUE = "wombat-value"


@dataclass
class Journey:
    """What somebody did, and what no log may tell of it."""

    secrets: set[str] = field(default_factory=lambda: {VISITOR, SENDER, QUERY, "Kestrel", *WORDS})
    answers: list[Answer] = field(default_factory=list)
    stream: str = ""  # the request id of the event stream

    def seen(self, answer: Answer, status: int) -> Answer:
        """Note an answer, which has to have this status."""
        assert answer.status == status
        self.answers.append(answer)
        return answer

    @property
    def ids(self) -> set[str]:
        return {answer.headers["x-request-id"] for answer in self.answers}


@pytest.fixture(scope="module")
def journey(stack: Stack) -> Journey:
    """Everything that a visitor, a developer, a sender and an attacker do, once."""
    done = Journey()
    browser = Browser(stack, VISITOR, headers={"User-Agent": AGENT, "X-Request-ID": QUERY})
    path = _create(done, browser)
    token = next(value for name, value in browser.cookies.items() if name.startswith("m-"))
    api = client.Api(stack, token)
    listed = done.seen(api("GET", f"emails/me?limit=7&after={'0' * 32}&x={QUERY}"), 404)
    assert listed.data["code"]
    address = _address(browser, path)
    _hook(done, api)
    _mail(stack, address)
    (item,) = api.wait_for(1)
    done.secrets |= {address, address.partition("@")[0], token, token[4:], path, path.split("/")[2]}
    done.secrets |= {item["id"], item["id"].replace("-", "")}
    _read(done, browser, path, item["id"])
    _call(done, api, address, item["id"])
    done.stream = _listen(stack, path, token)
    _trespass(done, browser, stack)
    _break(done, stack)
    _leave(done, browser, path, token)
    return done


def _create(done: Journey, browser: Browser) -> str:
    form = {**browser.form(), **browser.proof()}
    done.seen(browser.request("POST", "/create", **{**form, "captcha": QUERY}), 422)
    answer = done.seen(browser.request("POST", f"/create?x={QUERY}", **form), 303)
    return answer.headers["location"]


def _address(browser: Browser, path: str) -> str:
    match = re.search(r'data-copy="([^"]+@[^"]+)"', browser.request("GET", path).text)
    assert match
    return match[1]


def _hook(done: Journey, api: client.Api) -> None:
    """Nobody listens there: the call fails."""
    made = done.seen(api("POST", "webhooks/me", {"url": f"http://127.0.0.1:9/{HOOK}"}), 201).data
    done.seen(api("POST", "webhooks/me", {"url": f"https://10.0.0.1/{HOOK}"}), 403)
    done.secrets |= {HOOK, made["id"], made["id"].replace("-", ""), made["secret"]}


def _mail(stack: Stack, address: str) -> None:
    message = client.message(WORDS[0], WORDS[1] * 20)
    message.replace_header("From", f"{WORDS[2]} <{WORDS[3]}>")
    message.add_attachment(b"x", maintype="image", subtype="png", filename=f"{WORDS[4]}.png")
    with smtplib.SMTP("127.0.0.1", stack.smtp_port, source_address=(SENDER, 0)) as sender:
        sender.sendmail(WORDS[3], [address], message.as_bytes())
        sender.docmd("MAIL", f"FROM:<{WORDS[3]}>")
        assert sender.docmd("RCPT", f"TO:<x{address}>")[0] == 550


def _read(done: Journey, browser: Browser, path: str, message_id: str) -> None:
    message = f"{path}{_dashed(message_id)}/"
    for below in ("", "list", f"?q={WORDS[0]}", "qr"):
        done.seen(browser.request("GET", path + below), 200)
    for below in ("", "frame", "source", "message.eml", "attachments/1"):
        done.seen(browser.request("GET", message + below), 200)
    done.seen(browser.request("GET", f"{message}attachments/99"), 404)


def _call(done: Journey, api: client.Api, address: str, message_id: str) -> None:
    done.seen(api("GET", f"emails/{address}?wait=1"), 200)
    done.seen(api("GET", f"email/{message_id}"), 200)
    done.seen(client.Api(api.stack, "tmt_" + "quokka-token" * 4)("GET", f"emails/{address}"), 401)
    done.seen(api("PATCH", f"emails/{address}"), 405)
    done.secrets.add("quokka")


def _listen(stack: Stack, path: str, token: str) -> str:
    """Open an event stream on ASGI, read its beginning, and go away; return its request id."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=client.DEADLINE)
    cookie = f"m-{path.split('/')[2]}={token}"
    connection.request("GET", f"{path}events?x={QUERY}", headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.readline().startswith(b"retry:")
    connection.close()
    answer.close()
    return answer.headers["X-Request-ID"]


def _trespass(done: Journey, browser: Browser, stack: Stack) -> None:
    for path in (f"/{QUERY}", f"/m/{QUERY}/", f"/api/{QUERY}", f"/m/{QUERY}/{QUERY}?{QUERY}"):
        done.seen(browser.request("GET", path), 404)
    form = {"csrfmiddlewaretoken": browser.form()["csrfmiddlewaretoken"]}
    done.seen(browser.request("POST", "/open", **form, token="tmt_" + QUERY * 3), 422)
    done.seen(browser.request("POST", "/open", token="tmt_" + QUERY * 3), 403)
    login = {**_admin_form(browser), "username": "wallaby", "password": "wallaby-password"}
    done.seen(browser.request("POST", f"/admin/login/?next=/{QUERY}", **login), 200)
    done.secrets.add("wallaby")
    host = Browser(stack, VISITOR, headers={"Host": f"{QUERY}.example"})
    done.seen(host.request("GET", "/"), 400)


def _admin_form(browser: Browser) -> dict[str, str]:
    page = browser.request("GET", "/admin/login/").text
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert match
    return {"csrfmiddlewaretoken": match[1]}


def _break(done: Journey, stack: Stack) -> None:
    """Provoke a 500 of the API and one of a page: a table is not where it should be."""
    browser = Browser(stack, VISITOR, headers={"User-Agent": AGENT})
    login = {**_admin_form(browser), "username": "wallaby", "password": "wallaby-password"}
    key = stack.manage("create_api_key", "logs").strip()
    done.secrets |= {key, key[4:]}
    with _renamed(stack, "mailboxes_apikey"):
        done.seen(client.Api(stack, key)("POST", "generate", {}), 500)
    with _renamed(stack, "auth_user"):
        done.seen(browser.request("POST", "/admin/login/", **login), 500)


@contextlib.contextmanager
def _renamed(stack: Stack, table: str) -> Iterator[None]:
    _sql(stack, f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        _sql(stack, f"ALTER TABLE {table}_away RENAME TO {table}")


def _sql(stack: Stack, statement: str) -> str:
    connection = psycopg2.connect(stack.env["DATABASE_URL"])
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return str(cursor.fetchone()[0]) if cursor.description else ""
    finally:
        connection.close()


def _leave(done: Journey, browser: Browser, path: str, token: str) -> None:
    form = {"csrfmiddlewaretoken": browser.form()["csrfmiddlewaretoken"]}
    done.seen(browser.request("POST", f"{path}recovery", **form), 200)
    done.seen(browser.request("POST", "/open", **form, token=token), 303)
    done.seen(browser.request("POST", f"{path}extend", **form, lifetime="3600"), 303)
    done.seen(browser.request("POST", f"{path}end", **form, confirm="yes"), 303)
    done.seen(browser.request("GET", path), 404)


def _dashed(message_id: str) -> str:
    bare = message_id.replace("-", "")
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def _files(stack: Stack) -> Iterator[Path]:
    """Every file of the instance but the database, keys and static files; and PostgreSQL's log."""
    for directory in (stack.data_dir, stack.state_dir):
        for path in directory.rglob("*"):
            if path.is_file() and "static" not in path.parts and path.suffix != ".sock":
                yield path
    yield _postgresql_log(stack)


def _postgresql_log(stack: Stack) -> Path:
    return Path(_sql(stack, "SHOW data_directory")).parent / "log"


def _lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL"), reason="no PostgreSQL in the environment"
)


def test_no_log_tells_of_the_journey(stack: Stack, journey: Journey) -> None:
    with pytest.raises(psycopg2.Error):
        _sql(stack, f"SELECT '{SQL_VALUE}'::int")
    needles = [text.encode().lower() for text in (*journey.secrets, SQL_VALUE)]
    looked_at = []
    for path in _files(stack):
        content = path.read_bytes().lower()
        assert not [needle for needle in needles if needle in content], path
        looked_at.append(path.name)
    logs = {"site.log", "worker.log", "tasks.log", "redis.log", "postfix.log", "log"}
    assert logs <= set(looked_at)


def test_no_log_holds_the_address_of_a_client(stack: Stack, journey: Journey) -> None:
    for log in stack.log_directory.iterdir():
        assert b"127.0." not in log.read_bytes(), log
    lines = _postgresql_log(stack).read_text().splitlines()
    # where PostgreSQL listens is its own address
    others = [line for line in lines if "127.0." in line and "listening on IPv4" not in line]
    assert not others


def test_each_request_has_one_line_with_its_route(stack: Stack, journey: Journey) -> None:
    lines = [line for line in _lines(stack.log_directory / "site.log") if "route" in line]
    by_id = {line["request_id"]: line for line in lines}
    assert len(by_id) == len(lines)
    assert journey.ids <= set(by_id)
    for answer in journey.answers:
        assert by_id[answer.headers["x-request-id"]]["status"] == answer.status
    routes = {str(line["route"]) for line in lines}
    assert {"web:inbox", "web:message", "web:create", "web:open", "admin:login", "none"} <= routes
    assert not [route for route in routes if route.startswith("/")]


def test_a_stream_is_logged_once_when_it_ends(stack: Stack, journey: Journey) -> None:
    def lines() -> list[dict[str, object]]:
        found = _lines(stack.log_directory / "site.log")
        return [line for line in found if line.get("request_id") == journey.stream]

    probe.wait_until(lambda: len(lines()) > 0)
    assert [(line["route"], line["status"]) for line in lines()] == [("web:events", 200)]


def test_a_failure_is_told_by_class_and_place(stack: Stack, journey: Journey) -> None:
    lines = _lines(stack.log_directory / "site.log")
    failed = [line for line in lines if "exception" in line]
    assert {line["logger"] for line in failed} >= {"django.request", "mailboxes.api.problems"}
    broken = {a.headers["x-request-id"] for a in journey.answers if a.status == 500}
    assert broken == {line["request_id"] for line in failed} & broken
    for line in failed:
        assert "ProgrammingError" in str(line["exception"])
        assert "psycopg2.errors.UndefinedTable 42P01" in str(line["exception"])


def test_each_delivery_has_a_line_that_leads_to_postfix_s(stack: Stack, journey: Journey) -> None:
    lines = _lines(stack.log_directory / "worker.log")
    delivered = [line for line in lines if line["message"] == "delivered"]
    line = delivered[-1]
    assert {"queue_id", "size", "duration_ms"} <= set(line)
    raw = stack.postfix.log_file.read_text(errors="replace")
    assert f"{line['queue_id']}: " in raw


def test_every_line_of_ours_is_json(stack: Stack, journey: Journey) -> None:
    for name in ("site", "worker", "tasks"):
        lines = (stack.log_directory / f"{name}.log").read_text().splitlines()
        assert lines
        # what Celery prints past logging when it is asked to end
        ours = [line for line in lines if line and not line.startswith("worker: ")]
        assert not [line for line in ours if not {"time", "level"} <= set(json.loads(line))]


def test_postgresql_is_told_to_say_nothing_of_what_it_is_asked(stack: Stack) -> None:
    for name, value in QUIET_LOG.items():
        assert _sql(stack, f"SHOW {name}") == value


def test_redis_is_told_to_say_nothing_of_what_it_is_asked(stack: Stack) -> None:
    wanted = {
        "loglevel": "notice",
        "crash-log-enabled": "no",
        "crash-memcheck-enabled": "no",
        "slowlog-max-len": "0",
    }
    with redis.Redis(unix_socket_path=str(stack.state_dir / "redis" / "redis.sock")) as database:
        assert {name: database.config_get(name)[name] for name in wanted} == wanted


def test_postfix_s_log_is_in_memory_counted_and_forgotten(stack: Stack, journey: Journey) -> None:
    log = stack.postfix.log_file
    # the last mount point that fits is the one that counts
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    kinds = [kind for point, kind in mounts if log.is_relative_to(point)]
    assert kinds[-1] == "tmpfs"
    sums = stack.data_dir / log_counts.FILE
    before = log_counts.read(sums)
    for _ in range(2):
        probe.answer_to(stack, "nobody-at-all@tempmail.test", WORDS[3])
        probe.wait_until(lambda: "disconnect from" in log.read_text(errors="replace"))
        stack.turn_mail_log_over()
        probe.answer_to(stack, "nobody-at-all@tempmail.test")
    after = log_counts.read(sums)
    assert after["rejected:unknown:550 5.1.1"] >= before.get("rejected:unknown:550 5.1.1", 0) + 2
    left = "".join(path.read_text(errors="replace") for path in log.parent.iterdir())
    assert WORDS[2] not in left
    assert not [word for word in ("@", "tempmail", "127.") if word in sums.read_text()]
    assert sums.stat().st_uid == stack.owner.uid


ROTATE = "from mailboxes.services import log_rotation; log_rotation.rotate(force=True)"


def test_no_line_is_lost_when_logs_are_turned_over(stack: Stack) -> None:
    stop = threading.Event()
    ids: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            answer = client.http_request(stack, "GET", "/robots.txt")
            ids.append(answer.headers["x-request-id"])

    asking = threading.Thread(target=ask)
    asking.start()
    stack.manage("shell", "--no-imports", "-c", ROTATE)
    count = len(ids)
    probe.wait_until(lambda: len(ids) > count + 20)
    stop.set()
    asking.join()
    inbox = client.new_inbox(stack)
    client.send(stack, client.message("After"), inbox.address)
    inbox.api.wait_for(1)
    moved = [path for path in stack.log_directory.glob("site.log-*") if path.suffix != ".gz"]
    whole = "".join(path.read_text() for path in (*moved, stack.log_directory / "site.log"))
    assert [id_ for id_ in ids if whole.count(id_) != 1] == []
    assert ids[-1] in (stack.log_directory / "site.log").read_text()
    assert '"delivered"' in (stack.log_directory / "worker.log").read_text()
    assert list(stack.log_directory.glob("redis.log-*"))
