"""Figures are asked of a replica where there is one, and of the primary where that does not answer."""

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError

from mailboxes.services import figures, replica, status


def test_without_a_replica_the_primary_is_asked() -> None:
    assert replica.ask(lambda database: database) == "default"


def test_a_replica_is_asked_first(settings, monkeypatch) -> None:
    monkeypatch.setitem(settings.DATABASES, "replica", {})
    assert replica.ask(lambda database: database) == "replica"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_the_primary_stands_in_for_a_replica_that_is_away(
    settings, monkeypatch, error, caplog
) -> None:
    def question(database: str) -> str:
        if database == "replica":
            raise error("secret@tempmail.test")
        return database

    monkeypatch.setitem(settings.DATABASES, "replica", {})
    assert replica.ask(question) == "default"
    assert "the replica does not answer" in caplog.text
    assert "secret" not in caplog.text


def test_a_wrong_question_is_not_asked_twice(settings, monkeypatch) -> None:
    def question(database: str) -> str:
        asked.append(database)
        raise ProgrammingError

    asked: list[str] = []
    monkeypatch.setitem(settings.DATABASES, "replica", {})
    with pytest.raises(ProgrammingError):
        replica.ask(question)
    assert asked == ["replica"]


@pytest.mark.django_db
def test_these_ask_a_replica(monkeypatch) -> None:
    asked: list[str] = []

    def ask(question):
        asked.append(question.__qualname__.split(".")[0])
        return question("default")

    figures.forget()
    monkeypatch.setattr(replica, "ask", ask)
    figures.stored()
    figures.top_domains()
    status.last_day()
    figures.forget()
    assert asked == ["_stored", "top_domains", "last_day"]
