"""What can go wrong by somebody's doing: one tree, each with the stable code that the API answers."""


class TempmailError(Exception):
    """The root of this project's errors. `code` is stable; `title` is for people and holds no input."""

    code = "error"
    title = "Something went wrong"


class InvalidAddress(TempmailError):
    code = "invalid_address"
    title = "This is not an address that can be used here"


class LocalPartNotAllowed(TempmailError):
    code = "local_part_not_allowed"
    title = "This name cannot be chosen"


class AddressTaken(TempmailError):
    code = "address_taken"
    title = "This address is in use, or was once"


class DomainUnavailable(TempmailError):
    code = "domain_unavailable"
    title = "This domain is not offered"


class IdempotencyKeyReused(TempmailError):
    """A key that stands for one request came with another."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request"


class LifetimeOutOfBounds(TempmailError):
    code = "lifetime_out_of_bounds"
    title = "The lifetime is too short or too long"


class NotFound(TempmailError):
    """Absent, ended, or not yours: one answer for all three."""

    code = "not_found"
    title = "Not found"


class UnknownToken(TempmailError):
    code = "unauthorized"
    title = "The token is missing or unknown"


class InsufficientScope(TempmailError):
    """The key is known, and was not made for this. `scope` is what it lacks."""

    code = "insufficient_scope"
    title = "This API key may not do that"

    def __init__(self, scope: str) -> None:
        super().__init__(self.title)
        self.scope = scope


class MailboxEnded(TempmailError):
    """It ended while somebody who may know of it waited, or between a request and its repeat."""

    code = "mailbox_ended"
    title = "This address has ended"


class UnknownCursor(NotFound):
    code = "cursor_unknown"
    title = "This cursor is not one of ours"


class RateLimited(TempmailError):
    """Too many requests. `retry_after` is in seconds.

    `name` is the limit's; `limit` how many requests it lets through in `window` seconds, or, where that is 0, at once.
    Without a limit nothing is said of it.
    """

    code = "rate_limited"
    title = "Too many requests"

    def __init__(
        self, retry_after: int, *, name: str = "", limit: int = 0, window: int = 0
    ) -> None:
        super().__init__(self.title)
        self.retry_after = retry_after
        self.name = name
        self.limit = limit
        self.window = window


class Unavailable(TempmailError):
    code = "unavailable"
    title = "This is not possible right now; please try again in a moment"


class WrongKey(Unavailable):
    """The installation runs with another key than its database was filled under."""


class CaptchaFailed(TempmailError):
    """The proof that a person asks is missing, wrong, expired or was used before."""

    code = "captcha_failed"
    title = "The CAPTCHA was not solved"


class Frozen(TempmailError):
    """The operator has frozen this mailbox. Told to whoever holds its token, and to nobody else."""

    code = "frozen"
    title = "The operator has frozen this address"


class Blocked(TempmailError):
    """The operator gives no address to this network."""

    code = "blocked"
    title = "No address is given out to your network"


class Paused(TempmailError):
    """The operator gives no address to anybody for now."""

    code = "paused"
    title = "No addresses are given out at the moment; please try again later"


class InvalidNetwork(TempmailError):
    code = "invalid_network"
    title = "This is not a network, or one so large that it would stop all mail"


class TooManyBlocks(TempmailError):
    code = "too_many_blocks"
    title = "There are too many blocks; please remove some"


class WebhookRefused(TempmailError):
    """A URL that is none of the public web, or of what the operator trusts."""

    code = "webhook_url_refused"
    title = "Nothing is sent to this URL"


class TooManyWebhooks(TempmailError):
    code = "too_many_webhooks"
    title = "This address has as many webhooks as it may have"


class WebhooksOff(TempmailError):
    code = "webhooks_off"
    title = "The operator does not offer webhooks"


class SealBroken(TempmailError):
    """A sealed value does not open with this key, or is not the one that was asked for."""

    code = "seal_broken"
    title = "This could not be opened"
