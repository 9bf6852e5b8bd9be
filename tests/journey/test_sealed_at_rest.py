"""What is on the disk and in Redis says nothing without the token: dump all of it after a journey, and look."""

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import redis

from deploy.local.stack import Stack
from tests.journey import client

SECRETS = (
    "Zanzibar-subject",
    "quetzal-body",
    "okapi-name",
    "okapi@example.org",
    "narwhal.pdf",
    "axolotl-bytes",
)


def test_database_and_redis_hold_nothing_readable(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    mail = client.message(SECRETS[0], SECRETS[1] * 20)
    mail.replace_header("From", f"{SECRETS[2]} <{SECRETS[3]}>")
    mail.add_attachment(
        SECRETS[5].encode(), maintype="application", subtype="pdf", filename=SECRETS[4]
    )
    client.send(each_stack, mail, inbox.address, sender=SECRETS[3])
    (item,) = inbox.api.wait_for(1)
    assert SECRETS[1] in inbox.api("GET", f"email/{item['id']}").data["text"]
    page = client.http_request(each_stack, "GET", inbox.url, headers=_cookie(inbox))
    assert SECRETS[0] in page.text
    local_part = inbox.address.partition("@")[0]
    needles = [
        text.encode().lower() for text in (*SECRETS, local_part, inbox.token, inbox.token[4:])
    ]
    looked_at = 0
    for value in _values(each_stack):
        looked_at += 1
        for reading in _readings(value):
            assert not [n for n in needles if n in reading.lower()]
    assert looked_at > 50


def test_logs_hold_no_address_subject_or_token(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    client.send(each_stack, client.message(SECRETS[0]), inbox.address)
    inbox.api.wait_for(1)
    client.http_request(each_stack, "GET", inbox.url, headers=_cookie(inbox))
    needles = [
        SECRETS[0].encode(),
        inbox.address.encode(),
        inbox.token.encode(),
        inbox.url.encode(),
        b"127.0.0.1:",
    ]
    logs = list(each_stack.log_directory.iterdir())
    assert any(b"delivered" in log.read_bytes() for log in logs)
    for log in logs:
        content = log.read_bytes()
        assert not [n for n in needles[:4] if n in content], log


def _cookie(inbox: client.Inbox) -> dict[str, str]:
    public_id = inbox.url.strip("/").split("/")[1]
    return {"Cookie": f"m-{public_id}={inbox.token}"}


def _values(stack: Stack) -> Iterator[bytes]:
    yield from _postgresql(stack) if "DATABASE_URL" in stack.env else _sqlite(stack.data_dir)
    yield from _redis(stack)


def _sqlite(data_dir: Path) -> Iterator[bytes]:
    for file in data_dir.glob("db.sqlite3*"):
        yield file.read_bytes()
    connection = sqlite3.connect(data_dir / "db.sqlite3")
    try:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608
                yield from (_bytes(value) for value in row)
    finally:
        connection.close()


def _postgresql(stack: Stack) -> Iterator[bytes]:
    connection = psycopg2.connect(stack.env["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                for row in cursor.fetchall():
                    yield from (_bytes(value) for value in row)
    finally:
        connection.close()


def _redis(stack: Stack) -> Iterator[bytes]:
    database = redis.Redis(unix_socket_path=str(stack.state_dir / "redis" / "redis.sock"))
    with database:
        for key in database.scan_iter():
            yield key
            yield database.dump(key) or b""  # one whose time was over meanwhile


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return json.dumps(value, default=str).encode()


def _readings(value: bytes) -> Iterator[bytes]:
    """The value itself, and what comes out where it is compressed, at any offset of its first bytes, or base64."""
    yield value
    for offset in range(min(len(value), 80)):
        for wbits in (15, -15, 31):
            try:
                yield zlib.decompressobj(wbits).decompress(value[offset:], 100_000)
            except zlib.error:
                continue
    try:
        yield base64.b64decode(value, validate=True)
    except ValueError:
        return
