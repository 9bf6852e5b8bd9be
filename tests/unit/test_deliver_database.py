"""The worker's database connection recovers by itself, and a question is asked twice at most."""

import pytest
from django.db import DataError, OperationalError

from delivery import database


class FakeConnection:
    """Django's connection wrapper, as far as the module touches it."""

    def __init__(self, *, usable: bool, is_open: bool = True) -> None:
        self.connection: object | None = object() if is_open else None
        self.usable, self.closed = usable, 0

    def is_usable(self) -> bool:
        return self.usable

    def close(self) -> None:
        self.closed += 1
        self.connection = None


def use(monkeypatch: pytest.MonkeyPatch, fake: FakeConnection) -> FakeConnection:
    monkeypatch.setattr(database, "connection", fake)
    return fake


class Question:
    """Raises what it is told to, one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.asked = list(errors), 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_a_connection_that_died_meanwhile_costs_nobody_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = use(monkeypatch, FakeConnection(usable=False))
    assert database.ask(Question(OperationalError())) == "answer"
    assert fake.closed == 1


def test_a_connection_that_django_replaced_meanwhile_counts_as_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = use(monkeypatch, FakeConnection(usable=True))

    def replace_and_fail() -> str:
        if fake.closed:
            return "answer"
        fake.connection = object()
        raise OperationalError

    assert database.ask(replace_and_fail) == "answer"


@pytest.mark.parametrize(
    ("fake", "error"),
    [
        (FakeConnection(usable=True), OperationalError()),  # a lock not got in time
        (FakeConnection(usable=False, is_open=False), OperationalError()),  # nobody listens
        (FakeConnection(usable=False), DataError()),
    ],
    ids=["living", "away", "data"],
)
def test_any_other_error_is_raised_at_once_and_the_connection_closed(
    monkeypatch: pytest.MonkeyPatch, fake: FakeConnection, error: Exception
) -> None:
    use(monkeypatch, fake)
    question = Question(error)
    with pytest.raises(type(error)):
        database.ask(question)
    assert (question.asked, fake.closed) == (1, 1)


def test_a_second_failure_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch, FakeConnection(usable=False))
    with pytest.raises(OperationalError):
        database.ask(Question(OperationalError(), OperationalError()))
    assert fake.connection is None
