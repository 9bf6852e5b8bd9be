"""HTTP: one call with its retries. Secrets live in httpx.Auth objects alone, whose repr shows nothing."""

import itertools
import random
import re
import time
from collections.abc import Callable, Generator
from typing import Any

import httpx

from tempmail_client import errors

# Worth another try: what RFC 9110 calls temporary. A gateway's errors do not say whether the call was carried out.
_REFUSED = {429, 503}
_UNCERTAIN = {502, 504}
_NOT_OURS = "The answer is not one of this API"
_LONGEST_PAUSE = 5.0  # seconds, where the server names none
_CONNECT = 10.0
_WORD = re.compile(r"[!-~]+")
_PERMANENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Bearer(httpx.Auth):
    """A key or a token (RFC 6750) that nothing prints."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.strip()  # as read from a file
        del secret
        if not _WORD.fullmatch(self._secret):  # or the HTTP library's error would quote it
            raise ValueError("This is not a key or token: it has characters that none has.")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put it into the request."""
        request.headers["Authorization"] = f"Bearer {self._secret}"
        yield request

    def reveal(self) -> str:
        """Return the secret."""
        return self._secret

    def __repr__(self) -> str:
        return "Bearer(...)"


class Deadline:
    """A moment by which something is to be done."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it is over."""
        return max(0.0, self._at - time.monotonic())


class Connection:
    """Calls of the API of one service. Safe to be used by several threads."""

    def __init__(self, base_url: str, http: httpx.Client, timeout: float) -> None:
        self.base_url, self.http, self.timeout = base_url, http, timeout

    def call(
        self,
        method: str,
        path: str,
        auth: Bearer | None = None,
        *,
        deadline: Deadline | None = None,
        repeatable: bool | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Return a successful answer; try again, until the deadline, what may be tried again.

        Raises ApiError, ConnectionLost. `repeatable`: whether it may be carried out twice; every method but POST.
        """
        deadline = deadline or Deadline(self.timeout)
        again = method != "POST" if repeatable is None else repeatable

        def attempt() -> httpx.Response:
            limit = max(1.0, min(self.timeout, deadline.left))
            return self.once(method, path, auth, limit=limit, **request)

        return self.repeat(attempt, deadline, again)

    def repeat(
        self, attempt: Callable[[], httpx.Response], deadline: Deadline, repeatable: bool
    ) -> httpx.Response:
        """Make attempts (`once`) until one succeeds, it is too late, or another could do something twice."""
        for number in itertools.count(1):
            try:
                return attempt()
            except TryAgain as failed:
                pause = _pause(failed.reason, number)
                if pause > deadline.left or (failed.uncertain and not repeatable):
                    raise failed.reason from None
            time.sleep(pause)
        raise AssertionError("not reached")

    def once(
        self,
        method: str,
        path: str,
        auth: Bearer | None = None,
        *,
        limit: float | None = None,
        wait: int = 0,
        **request: Any,
    ) -> httpx.Response:
        """Make one attempt within `limit` seconds; with `wait`, the server may take so many longer.

        Raises ApiError, ConnectionLost, TryAgain.
        """
        if wait:
            request["params"] = {**request.get("params", {}), "wait": wait}
        seconds = max(1.0, self.timeout if limit is None else limit)
        timeout = httpx.Timeout(seconds + wait, connect=min(_CONNECT, seconds))
        url = f"{self.base_url}/api/{path}"
        try:
            response = self.http.request(method, url, auth=auth, timeout=timeout, **request)
        except httpx.TransportError as error:
            reason = errors.ConnectionLost(f"{self.base_url}: {type(error).__name__}: {error}")
            if isinstance(error, _PERMANENT) or "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise reason from None
            # Without a connection nothing was sent, so that anything may be tried again.
            raise TryAgain(reason, uncertain=not isinstance(error, _UNSENT)) from None
        if response.is_success:
            return response
        raise _failure(response)


class TryAgain(Exception):
    """An attempt failed for what may be over soon; `reason` is raised if it is not."""

    def __init__(self, reason: Exception, *, uncertain: bool) -> None:
        self.reason, self.uncertain = reason, uncertain


def data(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object in an answer. Raises ApiError."""
    try:
        loaded = response.json()
    except ValueError:
        loaded = None
    if isinstance(loaded, dict):
        return loaded
    raise errors.ApiError(response.status_code, "error", _NOT_OURS)


def _failure(response: httpx.Response) -> Exception:
    error = _problem(response)
    if response.status_code in _REFUSED | _UNCERTAIN:
        return TryAgain(error, uncertain=response.status_code in _UNCERTAIN)
    return error


def _problem(response: httpx.Response) -> errors.ApiError:
    status = response.status_code
    try:
        problem = response.json()
        code, title, found = problem["code"], problem["title"], problem.get("errors")
    except (ValueError, KeyError, TypeError, AttributeError):
        code, title, found = "error", _without_problem(response), None
    return errors.of(status, code)(
        status,
        str(code),
        str(title),
        errors=found,
        retry_after=_seconds(response.headers.get("Retry-After", "")),
        request_id=response.headers.get("X-Request-ID", ""),
    )


def _without_problem(response: httpx.Response) -> str:
    if response.is_redirect:
        return f"This is not the base URL: it leads to {response.headers.get('Location', '')}"
    return _NOT_OURS


def _seconds(value: str) -> float | None:
    return float(value) if value.isdecimal() and len(value) < 10 else None


def _pause(reason: Exception, attempt: int) -> float:
    """Seconds until the next attempt: what the server says, else growing and different for each client."""
    named = getattr(reason, "retry_after", None)
    if named is not None:
        return float(named) + random.uniform(0, 0.2)  # noqa: S311 - no secret
    return min(_LONGEST_PAUSE, 0.2 * 2.0 ** min(attempt, 10)) * random.uniform(0.5, 1)  # noqa: S311
