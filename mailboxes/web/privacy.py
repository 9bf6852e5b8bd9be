"""The privacy page's tables, made from the classes of data."""

from dataclasses import dataclass

from mailboxes import data_classes
from mailboxes.data_classes import DataClass, Kept, Section
from mailboxes.web import times


@dataclass(frozen=True, slots=True)
class Row:
    """One class of data, in words. `cookie` is its name where it is one."""

    name: str
    purpose: str
    kept: str
    removed_by: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Table:
    """The classes of one section."""

    title: str
    rows: list[Row]


def tables() -> list[Table]:
    """Return everything but cookies, in the order of the page."""
    sections = [section for section in Section if section != Section.COOKIES]
    return [Table(str(section.value), _rows(section)) for section in sections]


def cookies() -> list[Row]:
    """Return the cookies."""
    return _rows(Section.COOKIES)


def _rows(section: Section) -> list[Row]:
    return [_row(each) for each in data_classes.ALL if each.section == section]


def _row(one: DataClass) -> Row:
    cookie = one.cookie() if one.cookie else ""
    return Row(str(one.name), str(one.purpose), _kept(one.kept), str(one.removed_by), cookie)


def _kept(kept: Kept) -> str:
    words = str(kept.words)
    return words if kept.seconds is None else words % {"time": times.period(kept.seconds())}
