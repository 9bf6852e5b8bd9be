"""pytest fixtures: `tempmail`, the service, and `mailbox`, a new address for each test that is ended after it.

The service is named by `--tempmail-url`, `tempmail_url` in pytest's configuration, or TEMPMAIL_URL; an API key comes
from TEMPMAIL_API_KEY only, so that it stands in no process list.
"""

import os
from collections.abc import Iterator

import pytest

from tempmail_client.client import Client
from tempmail_client.mailbox import Mailbox


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the setting."""
    words = "base URL of the disposable-mail service (or TEMPMAIL_URL)"
    parser.getgroup("tempmail").addoption("--tempmail-url", metavar="URL", help=words)
    parser.addini("tempmail_url", words, default="")


@pytest.fixture(scope="session")
def tempmail(pytestconfig: pytest.Config) -> Iterator[Client]:
    """The service."""
    places = (pytestconfig.getoption("tempmail_url"), os.environ.get("TEMPMAIL_URL"))
    url = next((place for place in places if place), pytestconfig.getini("tempmail_url"))
    if not url:
        pytest.fail("tempmail: set --tempmail-url, tempmail_url or TEMPMAIL_URL.", pytrace=False)
    with Client(url, os.environ.get("TEMPMAIL_API_KEY")) as client:
        yield client


@pytest.fixture
def mailbox(tempmail: Client) -> Iterator[Mailbox]:
    """A new address."""
    with tempmail.generate() as made:
        yield made
