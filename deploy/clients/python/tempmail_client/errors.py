"""What can go wrong: one class for each `code` of the API's problems (RFC 9457). None ever holds a token or a key."""

from typing import Any


class TempmailError(Exception):
    """The parent of all."""


class ConnectionLost(TempmailError, ConnectionError):
    """The service cannot be reached, or a connection broke and the call could not be made again in time."""


class WaitTimeout(TempmailError, TimeoutError):
    """No mail that fits came in time. The text names what came instead."""


class CaptchaNeeded(TempmailError):
    """This service asks a CAPTCHA that no program can solve: an API key is needed."""


class NoCode(TempmailError, LookupError):
    """No code was found in this mail."""


class NoLink(TempmailError, LookupError):
    """No link was found in this mail."""


class ApiError(TempmailError):
    """The service refused. `code` is stable; `request_id` is what its operator finds the call by."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        self.status, self.code, self.title = status, code, title
        self.errors = errors or []
        self.retry_after = retry_after
        self.request_id = request_id
        super().__init__(status, code, title)

    def __str__(self) -> str:
        where = "; ".join(_field(error) for error in self.errors)
        wait = "" if self.retry_after is None else f"; try again in {self.retry_after:g} s"
        request = f"; request {self.request_id}" if self.request_id else ""
        return (
            f"{self.title} ({self.status} {self.code}{request}){wait}{': ' if where else ''}{where}"
        )


class Unauthorized(ApiError):
    """The key or token is missing or unknown."""


class Forbidden(ApiError):
    """This is not allowed: to this key, or to anybody."""


class CaptchaFailed(Forbidden):
    """The proof of work was not accepted."""


class Frozen(Forbidden):
    """The operator has frozen this address."""


class Blocked(Forbidden):
    """The operator has blocked this network."""


class NotFound(ApiError):
    """It is not there (any more), or belongs to somebody else."""


class AddressTaken(ApiError):
    """This address was given out before; no address is given out twice."""


class DomainUnavailable(ApiError):
    """This domain is not offered."""


class MailboxEnded(ApiError):
    """The mailbox has ended, and with it its mail."""


class Invalid(ApiError):
    """A value is out of bounds: `errors` says which."""


class RateLimited(ApiError):
    """Too many calls; `retry_after` seconds are more than there was time for."""


class Unavailable(ApiError):
    """The service, or a part of it, is away."""


class Paused(Unavailable):
    """The operator has paused the creation of addresses."""


_BY_CODE: dict[str, type[ApiError]] = {
    "unauthorized": Unauthorized,
    "captcha_failed": CaptchaFailed,
    "frozen": Frozen,
    "blocked": Blocked,
    "address_taken": AddressTaken,
    "domain_unavailable": DomainUnavailable,
    "mailbox_ended": MailboxEnded,
    "rate_limited": RateLimited,
    "paused": Paused,
}
# For codes that are newer than this client.
_BY_STATUS: dict[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: MailboxEnded,
    422: Invalid,
    429: RateLimited,
    503: Unavailable,
}


def of(status: int, code: str) -> type[ApiError]:
    """Return the class for a problem."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status, ApiError)


def _field(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error.get("loc", ()))
    return f"{place}: {error.get('msg', '')}"
