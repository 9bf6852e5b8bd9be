"""Statements of the mail path whose SQL is put together once, and planned once for a connection.

For a row or two Django's compiler costs several times what the database needs, and there the planner costs more than
the rest. A lookup keeps the SQL that Django has made of its queryset; a write is made of the model's own fields.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections
from django.db.backends.utils import CursorWrapper
from django.db.models import BinaryField, Field, Model, QuerySet

_LARGEST = 64  # digests; for more of them compiling is the smaller part
_PLANNED = 8  # digests or rows; a plan takes memory of the server, for each number and connection
_MARKER = b"parameter %6d"
_DIGEST: "BinaryField[bytes, bytes]" = BinaryField()


class Write(NamedTuple):
    """A statement with its parameters, as the database's driver takes them, and whether it pays to keep its plan."""

    sql: str
    params: Sequence[Any]
    is_planned: bool = False


class _Compiled(NamedTuple):
    sql: str
    params: tuple[Any, ...]
    places: dict[int, int]  # of the digests among the parameters
    convert: Callable[[list[tuple[Any, ...]]], Iterable[Sequence[Any]]]


class Lookup:
    """A query by digests of 16 bytes, which are all that differs from one time to the next."""

    def __init__(self, make: Callable[[Sequence[bytes]], "QuerySet[Any, Any]"]) -> None:
        """`make` returns the `values_list` for some digests; its SQL depends on nothing but their number."""
        self._make = make
        self._compiled = lru_cache(maxsize=2 * _LARGEST)(self._compile)

    def __call__(self, digests: Sequence[bytes]) -> list[tuple[Any, ...]]:
        """Return the rows for these digests. Raises django.db.Error."""
        if not digests:
            return []
        if len(digests) > _LARGEST:
            return list(self._make(digests))
        sql, params, places, convert = self._compiled(len(digests), connection.vendor)
        with connection.cursor() as cursor:
            values = [
                _DIGEST.get_db_prep_value(digests[places[place]], connection)
                if place in places
                else param
                for place, param in enumerate(params)
            ]
            _execute(cursor, [Write(sql, values, len(digests) <= _PLANNED)])
            return [tuple(row) for row in convert(cursor.fetchall())]

    def _compile(self, number: int, _vendor: str) -> _Compiled:
        markers = [_MARKER % index for index in range(number)]
        compiler = self._make(markers).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        at = {
            place: markers.index(b) for place, b in enumerate(map(_bytes, params)) if b in markers
        }
        converters = compiler.get_converters([column[0] for column in compiler.select])

        def convert(rows: list[tuple[Any, ...]]) -> Iterable[Sequence[Any]]:
            return compiler.apply_converters(rows, converters) if converters else rows

        return _Compiled(sql, params, at, convert)


def insert(rows: Sequence[Model]) -> Write:
    """Return the INSERT of rows of one model, with all of their fields but a key that the database makes."""
    sql, fields = _insert(type(rows[0]), len(rows))
    values = _values((row, field) for row in rows for field in fields)
    return Write(sql, values, len(rows) <= _PLANNED)


def insert_rows(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Write:
    """Return the INSERT of many rows, without making a model of each: numbers, text and times, nothing else."""
    meta, place = model._meta, f"({', '.join(['%s'] * len(names))})"
    columns = ", ".join(_column(meta.get_field(name)) for name in names)  # type: ignore[arg-type]
    sql = f"INSERT INTO {_table(model)} ({columns}) VALUES {', '.join([place] * len(rows))}"  # noqa: S608
    adapt = connection.ops.adapt_datetimefield_value
    values = [adapt(cell) if isinstance(cell, datetime) else cell for row in rows for cell in row]
    return Write(sql, values)


def insert_new(rows: Sequence[Model]) -> set[bytes]:
    """Insert the rows whose binary primary key is not there yet; return these keys. Raises django.db.Error."""
    write = insert(rows)
    returning = f" ON CONFLICT DO NOTHING RETURNING {_column(_primary_key(type(rows[0])))}"
    with connection.cursor() as cursor:
        _execute(cursor, [write._replace(sql=write.sql + returning)])
        return {bytes(value) for (value,) in cursor.fetchall()}


def update(row: Model, names: Collection[str]) -> Write:
    """Return the UPDATE of these fields of one row."""
    sql, fields = _update(type(row), frozenset(names))
    return Write(sql, _values((row, field) for field in fields), is_planned=True)


def run(writes: Sequence[Write]) -> None:
    """Execute writes in their order, on PostgreSQL in one round trip. Raises django.db.Error."""
    with connection.cursor() as cursor:
        _execute(cursor, writes)


# Of each connection of the driver: the names of its plans, by SQL.
_plans: "WeakKeyDictionary[Any, dict[str, str]]" = WeakKeyDictionary()
_numbers = itertools.count()
# What the server says of a plan whose columns have changed, and of one that it does not have (SQLSTATE).
_OUTDATED, _UNHEARD_OF = "0A000", "26000"


def _execute(cursor: CursorWrapper, writes: Sequence[Write]) -> None:
    """Execute statements in their order; on PostgreSQL in one round trip, as psycopg2 puts parameters in by itself."""
    if connection.vendor != "postgresql":
        for write in writes:
            cursor.execute(write.sql, write.params)
        return
    keeps_plans = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")  # a pooler
    known = _plans.setdefault(connection.connection, {})
    # All plans first: whatever fails behind them, they are made, as no transaction undoes that.
    plans, words = [], []
    for write in writes:
        if not (keeps_plans and write.is_planned):
            words.append(write.sql)
            continue
        if write.sql not in known:
            known[write.sql] = f"tempmail_{next(_numbers)}"  # never a name twice
            plans.append(f"PREPARE {known[write.sql]} AS {_numbered(write.sql)}")
        words.append(f"EXECUTE {known[write.sql]}({', '.join(['%s'] * len(write.params))})")
    params = [param for write in writes for param in write.params]
    try:
        cursor.execute("; ".join([*plans, *words]), params)
    except Error as error:
        if not is_of_plans(error):
            raise
        known.clear()
        if connection.in_atomic_block:
            raise
        # without plans: what fails in the same way again is not tried for ever
        cursor.execute("; ".join(write.sql for write in writes), params)


def is_of_plans(error: Error) -> bool:
    """Tell whether a statement failed for its plan alone, and the whole transaction is to be tried again."""
    return getattr(error.__cause__, "pgcode", "") in (_OUTDATED, _UNHEARD_OF)


def _numbered(sql: str) -> str:
    """Return SQL with numbered parameters, as PREPARE has them, for the driver to leave alone."""
    numbers = itertools.count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", sql)


@lru_cache(maxsize=4 * _LARGEST)
def _insert(model: type[Model], rows: int) -> "tuple[str, list[Field[Any, Any]]]":
    meta = model._meta
    fields = [field for field in meta.local_concrete_fields if field is not meta.auto_field]
    columns = ", ".join(map(_column, fields))
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    return f"INSERT INTO {_table(model)} ({columns}) VALUES {places}", fields  # noqa: S608


@lru_cache
def _update(model: type[Model], names: frozenset[str]) -> "tuple[str, list[Field[Any, Any]]]":
    pk = _primary_key(model)
    fields = [field for field in model._meta.local_concrete_fields if field.name in names]
    sets = ", ".join(f"{_column(field)} = %s" for field in fields)
    return f"UPDATE {_table(model)} SET {sets} WHERE {_column(pk)} = %s", [*fields, pk]  # noqa: S608


def _primary_key(model: type[Model]) -> "Field[Any, Any]":
    assert model._meta.pk is not None  # noqa: S101 - for the type checker
    return model._meta.pk


def _values(cells: "Iterable[tuple[Model, Field[Any, Any]]]") -> tuple[Any, ...]:
    actual = connections[DEFAULT_DB_ALIAS]  # `connection` would look it up several times a value
    return tuple(
        field.get_db_prep_save(getattr(row, field.attname), actual) for row, field in cells
    )


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(field.column))


def _bytes(param: Any) -> bytes:
    """Return a binary parameter as it was before the driver's adapter; nothing for any other."""
    value = getattr(param, "adapted", param)
    return bytes(value) if isinstance(value, bytes | memoryview) else b""
