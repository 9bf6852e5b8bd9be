"""How asynchronous code reaches the ORM: through small fixed pools of threads, each with its own connection.

Django's default for async (a thread a request) with persistent connections was measured to leak connections until the
database refused more; with these pools their number is bounded (docs/decisions/0001-two-servers.md).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 5
READING_THREADS = 2
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="database")
_reading_pool = ThreadPoolExecutor(max_workers=READING_THREADS, thread_name_prefix="reading")


async def in_database_pool(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous function that uses the ORM, off the event loop; return or raise what it does.

    For what is short: everybody who waits shares these threads.
    """
    return await _run(_pool, function, *args, **kwargs)


async def in_reading_pool(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for what unseals a whole mailbox or parses a message: it delays others of its kind only."""
    return await _run(_reading_pool, function, *args, **kwargs)


async def _run(
    pool: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    def call() -> T:
        close_old_connections()
        return function(*args, **kwargs)

    return await sync_to_async(call, thread_sensitive=False, executor=pool)()
