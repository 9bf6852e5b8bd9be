"""Looking for what is left of a mailbox: in files, tables, Redis; plain, in other encodings, and in compressed data."""

import base64
import contextlib
import re
import sqlite3
import stat
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import redis
import zstandard

from deploy.local.stack import Stack
from postfix import render

# zlib (RFC 1950) and gzip (RFC 1952) at any offset; of short values also raw deflate, at any of the first offsets
_COMPRESSED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
_ZSTANDARD = re.compile(rb"\x28\xb5\x2f\xfd")  # RFC 8878
_EMPTY = re.compile(rb"\0{200,}")  # of pages; nothing is in there, and it is slow to look through
_SHORT = 20_000
_OFFSETS = 80
_MOST = 1_000_000


@dataclass
class Needle:
    """Something that must not be found, in all forms that it could have."""

    value: bytes
    folded: list[bytes] = field(init=False)  # looked for whatever the case
    exact: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        wide = [self.value.decode("latin-1").encode(name) for name in ("utf-16-le", "utf-16-be")]
        forms = [self.value, *wide, self.value.hex().encode(), self.value.lower().hex().encode()]
        self.folded = [form.lower() for form in forms]
        self.exact = [_base64(self.value, before) for before in range(3)]
        self.exact += [form.translate(bytes.maketrans(b"+/", b"-_")) for form in self.exact]


def needles(values: Iterable[str | bytes | uuid.UUID]) -> list[Needle]:
    """Return what to look for; an id is looked for as it is stored and as it is written."""
    found = []
    for value in values:
        if isinstance(value, uuid.UUID):
            found += [Needle(value.bytes), Needle(str(value).encode())]
        else:
            found.append(Needle(value.encode() if isinstance(value, str) else value))
    return found


def found_in(content: bytes, looked_for: list[Needle]) -> set[bytes]:
    """Return what is in `content`, in whatever form."""
    found: set[bytes] = set()
    for reading in _readings(_EMPTY.sub(bytes(200), content)):
        folded = reading.lower()
        for needle in looked_for:
            if any(form in folded for form in needle.folded) or any(
                form in reading for form in needle.exact
            ):
                found.add(needle.value)
    return found


def found_in_files(places: Iterable[Path], looked_for: list[Needle]) -> dict[Path, set[bytes]]:
    """Return which regular files at or below these places, names included, hold what."""
    found = {}
    for place in places:
        for path in (place, *place.rglob("*")):
            try:
                content = path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
            except FileNotFoundError:  # a queue file, or a table that was rewritten
                continue
            if here := found_in(str(path).encode() + b"\0" + content, looked_for):
                found[path] = here
    return found


def is_postgresql(stack: Stack) -> bool:
    """Tell whether an instance is on PostgreSQL, else on SQLite."""
    return "DATABASE_URL" in stack.env


def own_directories(stack: Stack) -> list[Path]:
    """Return where an instance has files: data with logs, state with the queue, and the mail log in memory."""
    return [stack.data_dir, stack.state_dir, render.log_file(stack.state_dir).parent]


def rows(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Yield every row of every table, with the table's name."""
    for table in _tables(stack):
        for row in query(stack, f'SELECT * FROM "{table}"'):  # noqa: S608
            yield table, b"\0".join(_bytes(value) for value in row)


def query(stack: Stack, statement: str) -> list[tuple[object, ...]]:
    """Run one SQL statement beside Django, in no transaction; return its rows."""
    if not is_postgresql(stack):
        return _sqlite(stack.data_dir / "db.sqlite3", statement)
    return execute(stack.env["DATABASE_URL"], statement)


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement on a PostgreSQL, in no transaction; return its rows."""
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def redis_values(stack: Stack) -> Iterator[bytes]:
    """Yield all that Redis knows: keys, values, what is subscribed to, slow commands."""
    socket = str(stack.state_dir / "redis" / "redis.sock")
    with redis.Redis(unix_socket_path=socket) as server:
        for key in server.scan_iter():
            yield key
            yield repr(_redis_value(server, key)).encode()
        yield repr(server.pubsub_channels()).encode()
        yield repr(server.slowlog_get(1000)).encode()


def _redis_value(server: redis.Redis, key: bytes) -> object:
    readers = {
        b"string": server.get,
        b"hash": server.hgetall,
        b"set": server.smembers,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"zset": lambda key: server.zrange(key, 0, -1),
        b"none": lambda key: None,  # it has expired meanwhile
    }
    return readers[server.type(key)](key)


def _sqlite(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _tables(stack: Stack) -> list[str]:
    if is_postgresql(stack):
        statement = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    else:
        statement = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [str(name) for (name,) in query(stack, statement)]


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _base64(value: bytes, before: int) -> bytes:
    """Return what is sure to be in the base64 form of `value` with `before` bytes (modulo 3) in front of it."""
    encoded = base64.b64encode(b"\0" * before + value)
    uncertain = 0 if (before + len(value)) % 3 == 0 else 1
    text = encoded.rstrip(b"=")
    return text[(0, 2, 3)[before] : len(text) - uncertain]


def _readings(content: bytes) -> Iterator[bytes]:
    yield content
    starts: dict[int, tuple[int, ...]] = {
        match.start(): (15, 31) for match in _COMPRESSED.finditer(content)
    }
    if len(content) <= _SHORT:
        starts |= dict.fromkeys(range(min(len(content), _OFFSETS)), (15, -15, 31))
    view = memoryview(content)
    for start, kinds in starts.items():
        for wbits in kinds:
            try:
                yield zlib.decompressobj(wbits).decompress(view[start:][:_MOST], _MOST)
            except zlib.error:
                continue
    for match in _ZSTANDARD.finditer(content):
        with contextlib.suppress(zstandard.ZstdError):
            reader = zstandard.ZstdDecompressor(max_window_size=_MOST)
            yield reader.decompressobj().decompress(view[match.start() :][:_MOST])
