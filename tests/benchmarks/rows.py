"""The rows of `make bench`: each part's name with the module that measures it.

A row's module has `goals(parts)`, what it will give results for, and `measure(session)`, which gives a Report. A module
that serves several parts is called once, with all of them in `session.parts`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks import (
    disk,
    growth,
    latency,
    mail_path,
    memory,
    pages,
    purge,
    script_cpu,
    streams,
)
from tests.benchmarks.results import Goal
from tests.benchmarks.session import Report, Session


@dataclass(frozen=True, slots=True)
class Row:
    """A module's two functions, and the parts that it measures."""

    parts: frozenset[str]
    goals: Callable[[frozenset[str]], list[Goal]]
    measure: Callable[[Session], Report]


ROWS = (
    Row(frozenset({"script_cpu"}), script_cpu.goals, script_cpu.measure),
    Row(frozenset({"pipe", "lmtp"}), mail_path.goals, mail_path.measure),
    Row(frozenset({"latency"}), latency.goals, latency.measure),
    Row(frozenset({"purge"}), purge.goals, purge.measure),
    Row(frozenset({"page_sealed"}), pages.goals, pages.measure),
    Row(frozenset({"streams"}), streams.goals, streams.measure),
    Row(frozenset({"growth"}), growth.goals, growth.measure),
    Row(frozenset({"disk"}), disk.goals, disk.measure),
    Row(frozenset({"worker_memory"}), memory.goals, memory.measure),
)
PARTS = frozenset(part for row in ROWS for part in row.parts)


def chosen(text: str) -> frozenset[str]:
    """Return the parts that `ONLY=pipe,lmtp` names; all for an empty text. Raises ValueError for an unknown one."""
    names = frozenset(text.replace(",", " ").split())
    if unknown := names - PARTS:
        raise ValueError(f"ONLY knows {', '.join(sorted(PARTS))}, not {', '.join(sorted(unknown))}")
    return names or PARTS
