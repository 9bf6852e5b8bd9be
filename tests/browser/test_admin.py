"""The operator's side: log in, add a domain, and nothing that the policy forbids."""

from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from tests.journey import probe

MAKE_ADMIN = """
from django.contrib.auth import get_user_model
users = get_user_model().objects
users.filter(username="root").exists() or users.create_superuser("root", "", "correct horse battery")
print(json.dumps(None))
"""


def test_an_operator_adds_a_domain_that_counts_at_once(desktop: Page, stack: Stack) -> None:
    probe.shell(stack, MAKE_ADMIN)
    desktop.goto("/admin/")
    desktop.get_by_label("Username").fill("root")
    desktop.get_by_label("Password").fill("correct horse battery")
    desktop.get_by_role("button", name="Log in").click()
    desktop.goto("/admin/mailboxes/domain/add/")
    desktop.get_by_label("Name:").fill("Browser.Example")
    desktop.get_by_role("button", name="Save", exact=True).click()
    expect(desktop.get_by_role("link", name="browser.example").first).to_be_visible()
    assert probe.answer_to(stack, "postmaster@browser.example")[0] == 250


def test_a_stranger_does_not_get_in(desktop: Page) -> None:
    desktop.goto("/admin/mailboxes/domain/")
    expect(desktop.get_by_label("Password")).to_be_visible()
