"""Signatures as Standard Webhooks 1.0 has them: by its reference libraries' example, and by hand."""

import base64
import hashlib
import hmac

from mailboxes.rules import webhook_signatures

BODY = b'{"test": 2432232314}'


def test_the_example_of_the_reference_libraries() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    fields = webhook_signatures.headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, BODY)
    assert fields["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert fields["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert fields["webhook-timestamp"] == "1614265330"


def test_a_secret_has_the_form_and_the_length_of_the_specification() -> None:
    secret = webhook_signatures.new_secret()
    prefix, _, encoded = secret.partition("_")
    assert prefix == "whsec"
    assert 24 <= len(base64.b64decode(encoded, validate=True)) <= 64
    assert secret != webhook_signatures.new_secret()


def test_any_change_breaks_the_signature() -> None:
    secret = webhook_signatures.new_secret()
    base = (secret, "id", 1, BODY)
    others = [
        (webhook_signatures.new_secret(), "id", 1, BODY),
        (secret, "ie", 1, BODY),
        (secret, "id", 2, BODY),
        (secret, "id", 1, BODY + b" "),
    ]
    signatures = {
        webhook_signatures.headers(*each)["webhook-signature"] for each in (base, *others)
    }
    assert len(signatures) == 5


def test_it_is_what_the_specification_says_by_hand() -> None:
    secret = webhook_signatures.new_secret()
    key = base64.b64decode(secret[len("whsec_") :])
    digest = hmac.digest(key, b"an-id.17." + BODY, hashlib.sha256)
    found = webhook_signatures.headers(secret, "an-id", 17, BODY)["webhook-signature"]
    assert found == "v1," + base64.b64encode(digest).decode()
