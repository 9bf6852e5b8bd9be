"""What our own milter found about a sender is shown; what anybody else claims in our name is removed."""

from collections.abc import Iterator

import pytest

from deploy.local import ports
from deploy.local.stack import Stack
from tests import private_database
from tests.conftest import running_stack
from tests.journey import client, milter

HOST = "mx.tempmail.test"
GOOD = (
    f"{HOST};\n\tspf=pass smtp.mailfrom=alice@example.org;\n\tdkim=pass header.d=example.org;"
    "\n\tdmarc=pass (p=reject) header.from=example.org"
)
FORGED = (
    "Authentication-Results: mx.tempmail.test; dmarc=pass header.from=forged.example",
    "AUTHENTICATION-RESULTS:MX.Tempmail.Test;dmarc=pass header.from=forged.example",
    "Authentication-Results:\r\n\tmx.tempmail.test 1;\r\n\tdmarc=pass header.from=forged.example",
    "Authentication-Results: (c (d)) mx.tempmail.test; dmarc=pass header.from=forged.example",
    'Authentication-Results: "mx.tempmail.test"; dmarc=pass header.from=forged.example',
    "Authentication-Results : mx.tempmail.test; dmarc=pass header.from=forged.example",
)
OTHERS = "Authentication-Results: mail.example.org; dkim=pass header.d=kept.example"


@pytest.fixture(scope="module")
def milter_port() -> int:
    return ports.free()


@pytest.fixture(scope="module")
def checking(milter_port: int) -> Iterator[Stack]:
    """An instance with one milter, which does not run yet."""
    with private_database.create() as database_url:
        yield from running_stack(
            database_url, SMTPD_MILTERS=f"inet:127.0.0.1:{milter_port}", SMTP_HOSTNAME=HOST
        )


def sent(stack: Stack, *headers: str) -> tuple[str, str]:
    """Send a message with these headers; return its page and its source."""
    inbox = client.new_inbox(stack)
    lines = [*headers, "From: Alice <alice@example.org>", "Subject: Hello", "", "Hello."]
    client.send(stack, "\r\n".join(lines).encode(), inbox.address)
    (item,) = inbox.api.wait_for(1)
    public_id = inbox.url.strip("/").split("/")[1]
    cookie = {"Cookie": f"m-{public_id}={inbox.token}"}
    pages = [
        client.http_request(stack, "GET", f"/m/{public_id}/{item['id']}/{name}", headers=cookie)
        for name in ("", "source")
    ]
    assert [page.status for page in pages] == [200, 200]
    return pages[0].text, pages[1].text


def test_what_our_milter_found_is_shown_and_forged_results_are_removed(
    checking: Stack, milter_port: int
) -> None:
    server = milter.create(milter_port)
    server.value = GOOD
    with server.running():
        page, source = sent(checking, *FORGED, OTHERS)
    assert server.asked == 1
    assert "example.org confirms that it sent this mail." in page
    assert "forged.example" not in source
    assert OTHERS in source
    assert source.count(HOST + ";") == 1


def test_a_failed_check_is_said(checking: Stack, milter_port: int) -> None:
    server = milter.create(milter_port)
    server.value = f"{HOST}; dkim=none; dmarc=fail header.from=example.org"
    with server.running():
        page, _source = sent(checking)
    assert "example.org does not confirm this mail: it may be forged." in page


def test_with_the_milter_stopped_mail_is_taken_and_not_checked(checking: Stack) -> None:
    page, source = sent(checking, *FORGED)
    assert "Not checked" in page
    assert "forged.example" not in source
