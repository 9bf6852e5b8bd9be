"""Creating a mailbox. Times are RFC 3339 in UTC, durations seconds."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import ConfigDict

from mailboxes.api.schemas.numbers import Lifetime


class GenerateIn(Schema):
    """A wish for an address; each field may be left out. `captcha` is for requests without an API key."""

    model_config = ConfigDict(extra="forbid")

    domain: str | None = Field(None, max_length=253)
    local_part: str | None = Field(None, max_length=64)
    expires_in: Lifetime | None = None
    captcha: str | None = Field(None, max_length=8192, pattern="^[!-~]*$")


class GenerateOut(Schema):
    """A new address. The token is shown this once."""

    address: str
    token: str
    created_at: datetime
    expires_at: datetime
    max_expires_at: datetime
    inbox_url: str
    receive_only: bool = True


class AltchaChallenge(Schema):
    """Find the `number` from 0 to `maxnumber` for which SHA-256 of `salt` and it, in hexadecimal, is `challenge`."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


class Altcha(Schema):
    """A proof of work (ALTCHA, version 1). `captcha` is then its solution, as ALTCHA's widget gives it."""

    kind: Literal["altcha"]
    challenge: AltchaChallenge


class Recaptcha(Schema):
    """reCAPTCHA v3: `captcha` is the token that Google gives the browser for this action on this site."""

    kind: Literal["recaptcha"]
    site_key: str
    action: str


class Off(Schema):
    """There is no CAPTCHA: any `captcha` passes."""

    kind: Literal["off"]


CaptchaOut = Annotated[Altcha | Recaptcha | Off, Field(discriminator="kind")]
