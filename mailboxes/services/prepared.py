"""Statements of the mail path whose SQL is put together once, not for each message.

For a row or two Django's compiler costs several times what the database needs. A lookup keeps the SQL that Django has
made of its queryset; a write is made of the model's own fields.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import BinaryField, Field, Model, QuerySet

_LARGEST = 64  # digests; for more of them compiling is the smaller part
_MARKER = b"parameter %6d"
_DIGEST: "BinaryField[bytes, bytes]" = BinaryField()


class Write(NamedTuple):
    """A statement with its parameters, as the database's driver takes them."""

    sql: str
    params: tuple[Any, ...]


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
            cursor.execute(sql, values)
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
    return Write(sql, _values((row, field) for row in rows for field in fields))


def insert_new(rows: Sequence[Model]) -> set[bytes]:
    """Insert the rows whose binary primary key is not there yet; return these keys. Raises django.db.Error."""
    sql, params = insert(rows)
    with connection.cursor() as cursor:
        key = _column(_primary_key(type(rows[0])))
        cursor.execute(f"{sql} ON CONFLICT DO NOTHING RETURNING {key}", params)
        return {bytes(value) for (value,) in cursor.fetchall()}


def update(row: Model, names: Collection[str]) -> Write:
    """Return the UPDATE of these fields of one row."""
    sql, fields = _update(type(row), frozenset(names))
    return Write(sql, _values((row, field) for field in fields))


def run(writes: Sequence[Write]) -> None:
    """Execute writes in their order, on PostgreSQL in one round trip. Raises django.db.Error."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # psycopg2 puts the parameters in by itself
            params = [param for write in writes for param in write.params]
            cursor.execute("; ".join(write.sql for write in writes), params)
        else:
            for write in writes:
                cursor.execute(*write)


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
