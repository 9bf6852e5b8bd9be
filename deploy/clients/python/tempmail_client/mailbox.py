"""One mailbox: waiting for its mail, reading it, ending it."""

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from tempmail_client import messages
from tempmail_client.connection import Bearer, Connection, Deadline, data
from tempmail_client.errors import (
    MailboxEnded,
    NotFound,
    TempmailError,
    Unauthorized,
    WaitTimeout,
)
from tempmail_client.filters import Filter, Has, Text, has_of
from tempmail_client.messages import Item, Mail

_LONGEST_WAIT = 55  # seconds of one call
_PAGE = 100
_NAMED = 5  # mails in the text of WaitTimeout


class Mailbox:
    """An address and its mail. Leaving its `with` block ends it. Safe to be used by several threads."""

    def __init__(self, connection: Connection, token: Bearer, made: dict[str, Any]) -> None:
        self._connection, self._token = connection, token
        self.address: str = made["address"]
        self.inbox_url: str = made.get("inbox_url", "")
        self._note_times(made)
        self._returned: set[str] = set()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Mailbox({self.address!r})"

    def __str__(self) -> str:
        return self.address

    @property
    def token(self) -> str:
        """What opens this mailbox, for another program; `Client.open()` takes it. Never print it."""
        return self._token.reveal()

    # ---- waiting ----

    def wait_for(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        has: Has | tuple[Has, ...] = (),
        since: datetime | None = None,
        match: Callable[[Item], bool] | None = None,
        timeout: float = 30.0,
        again: bool = False,
    ) -> Mail:
        """Return the oldest mail that fits and was not returned before, as soon as there is one.

        `subject` and `sender` (name and address) are parts, in any case, or compiled patterns. With `again`, mail that
        was returned before counts too. Raises WaitTimeout, MailboxEnded, ConnectionLost.
        """
        wanted, deadline = Filter(subject, sender, has_of(has), since, match), Deadline(timeout)
        after: str | None = None
        while True:
            pages = list(self._pages(wanted, deadline, waits=True, after=after))
            for item in reversed(_items(pages)):
                if wanted.fits(item) and (mail := self._take(item, again)):
                    return mail
            if not deadline.left:
                raise WaitTimeout(self._what_came_instead(wanted, timeout))
            after = pages[0]["position"]  # how far it looked, whatever is deleted meanwhile

    def _take(self, item: Item, again: bool) -> Mail | None:
        """Read a mail that no other thread has taken; None when one has, or it is gone."""
        with self._lock:
            if item.id in self._returned and not again:
                return None
            self._returned.add(item.id)
        try:
            return self.read(item.id)
        except NotFound:
            return None
        except BaseException:
            with self._lock:
                self._returned.discard(item.id)
            raise

    def _what_came_instead(self, wanted: Filter, timeout: float) -> str:
        text = f"No mail{wanted} came to {self.address} in {timeout:g} s."
        with contextlib.suppress(TempmailError):
            answer = self._call("GET", "emails/me", deadline=Deadline(5), params={"limit": _NAMED})
            items = "; ".join(map(self._describe, _items([data(answer)])))
            text += f" There: {items or 'nothing at all'}."
        return text

    def _describe(self, item: Item) -> str:
        returned = " (returned before)" if item.id in self._returned else ""
        return f"{item.subject!r} from {item.sender}{returned}"

    # ---- reading ----

    def messages(
        self,
        *,
        subject: Text | None = None,
        sender: Text | None = None,
        has: Has | tuple[Has, ...] = (),
        since: datetime | None = None,
        unread: bool = False,
    ) -> Iterator[Item]:
        """Go through what is there now, newest first."""
        wanted = Filter(subject, sender, has_of(has), since)
        for page in self._pages(wanted, Deadline(self._connection.timeout), unread=unread or None):
            yield from filter(wanted.fits, _items([page]))

    def read(self, message_id: str, *, mark_seen: bool = True) -> Mail:
        """Return a whole message. Raises NotFound."""
        params = {} if mark_seen else {"mark_seen": "false"}
        answer = self._call("GET", f"email/{message_id}", params=params)
        return messages.mail(data(answer), self)

    def download(self, path: str) -> bytes:
        """Return the bytes of an attachment or a raw message; `Mail` calls this."""
        return self._call("GET", path).content

    def _pages(
        self, wanted: Filter, deadline: Deadline, *, waits: bool = False, **more: Any
    ) -> Iterator[dict[str, Any]]:
        given = {name: value for name, value in more.items() if value is not None}
        params = {"limit": _PAGE, **wanted.parameters(), **given}
        while True:
            page = self._page(params, deadline, waits)
            yield page
            if not page["next_cursor"]:
                return
            params["cursor"], waits = page["next_cursor"], False

    def _page(self, params: dict[str, Any], deadline: Deadline, waits: bool) -> dict[str, Any]:
        def attempt() -> httpx.Response:
            wait = min(_LONGEST_WAIT, math.ceil(deadline.left)) if waits else 0
            return self._connection.once("GET", "emails/me", self._token, params=params, wait=wait)

        with _ended_is_said():
            return data(self._connection.repeat(attempt, deadline, True))

    # ---- changing ----

    def extend(self, expires_in: int) -> datetime:
        """Let it live so many seconds from now, `max_expires_at` at most; return when it ends."""
        answer = self._call("PATCH", "addresses/me", json={"expires_in": expires_in})
        self._note_times(data(answer))
        return self.expires_at

    def delete(self, message_id: str) -> None:
        """Delete a message; it may be gone already."""
        with contextlib.suppress(NotFound):
            self._call("DELETE", f"email/{message_id}")

    def clear(self) -> int:
        """Delete all messages; the address lives on. Return how many there were."""
        deleted: int = data(self._call("DELETE", "emails/me"))["deleted"]
        return deleted

    def end(self) -> None:
        """End the address and delete its mail, for good. May be called twice."""
        with contextlib.suppress(MailboxEnded):
            self._call("DELETE", "emails/me", params={"close": "true"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.end()
        except TempmailError:
            # It ends by itself later; what went wrong in the block is more important.
            if error is None:
                raise

    def _call(self, method: str, path: str, **request: Any) -> httpx.Response:
        with _ended_is_said():
            return self._connection.call(method, path, self._token, **request)

    def _note_times(self, made: dict[str, Any]) -> None:
        self.created_at = datetime.fromisoformat(made["created_at"])
        self.expires_at = datetime.fromisoformat(made["expires_at"])
        self.max_expires_at = datetime.fromisoformat(made["max_expires_at"])


def _items(pages: list[dict[str, Any]]) -> list[Item]:
    return [messages.item(each) for page in pages for each in page["items"]]


@contextlib.contextmanager
def _ended_is_said() -> Iterator[None]:
    """Raise MailboxEnded for an unknown token: it was right once, and this is how the API answers afterwards."""
    try:
        yield
    except Unauthorized as refused:
        title, request_id = "The mailbox has ended", refused.request_id
        raise MailboxEnded(refused.status, "mailbox_ended", title, request_id=request_id) from None
