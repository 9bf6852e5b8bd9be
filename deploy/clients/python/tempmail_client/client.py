"""The service: making mailboxes, with an API key or with a proof of work."""

import uuid
from types import TracebackType
from typing import Any, Self

import httpx

from tempmail_client import proof
from tempmail_client.connection import Bearer, Connection, Deadline, data
from tempmail_client.mailbox import Mailbox
from tempmail_client.messages import Domain

_USER_AGENT = "tempmail-client/0.1.0"


class Client:
    """One service, as `https://mail.example`. Safe to be used by several threads; `close()` it, or use `with`.

    Without an API key each mailbox costs a proof of work, which is done here in milliseconds. `timeout` is for a call
    with its retries, in seconds; waiting for mail has its own. `transport` is httpx's, for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._key = Bearer(api_key) if api_key else None
        del api_key  # a test report with local variables would show it
        if not base_url.startswith(("https://", "http://")):
            raise ValueError("base_url begins with https:// or http://.")
        http = httpx.Client(transport=transport, headers={"User-Agent": _USER_AGENT})
        self._connection = Connection(base_url.rstrip("/"), http, timeout)

    def __repr__(self) -> str:
        return f"Client({self._connection.base_url!r})"

    def generate(
        self,
        *,
        domain: str | None = None,
        local_part: str | None = None,
        expires_in: int | None = None,
        idempotency_key: str | None = None,
    ) -> Mailbox:
        """Make a mailbox, or with the same `idempotency_key` and API key return the one that was made with it.

        `expires_in` is in seconds. Raises ApiError (by its code: RateLimited, AddressTaken, ...), ConnectionLost.
        """
        if idempotency_key and not self._key:
            raise ValueError("idempotency_key goes only with an API key.")
        wish = {"domain": domain, "local_part": local_part, "expires_in": expires_in}
        wish = {name: value for name, value in wish.items() if value is not None}
        answer = self._with_key(wish, idempotency_key) if self._key else self._with_proof(wish)
        made = data(answer)
        return Mailbox(self._connection, Bearer(made.pop("token")), made)

    def _with_key(self, wish: dict[str, Any], idempotency_key: str | None) -> httpx.Response:
        # So that a call whose answer was lost can be made again, and makes one mailbox.
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self._connection.call(
            "POST", "generate", self._key, json=wish, headers=headers, repeatable=True
        )

    def _with_proof(self, wish: dict[str, Any]) -> httpx.Response:
        connection, deadline = self._connection, Deadline(self._connection.timeout)

        def attempt() -> httpx.Response:
            # Each solution counts once, so that each attempt needs its own.
            captcha = data(connection.call("GET", "captcha", deadline=deadline))
            return connection.once(
                "POST", "generate", json={**wish, "captcha": proof.answer(captcha)}
            )

        return connection.repeat(attempt, deadline, False)

    def open(self, token: str) -> Mailbox:
        """Return the mailbox that a token opens. Raises Unauthorized: it is wrong, or the mailbox has ended."""
        bearer = Bearer(token)
        del token
        answer = self._connection.call("GET", "addresses/me", bearer)
        return Mailbox(self._connection, bearer, data(answer))

    def domains(self) -> list[Domain]:
        """Return the domains that addresses can be had at."""
        items = data(self._connection.call("GET", "domains"))["items"]
        return [Domain(each["name"], each["subdomains"]) for each in items]

    def close(self) -> None:
        """Close the connections. Mailboxes live on; theirs are these connections."""
        self._connection.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
