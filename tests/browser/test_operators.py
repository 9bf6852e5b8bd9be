"""The admin in a real browser: from setting up a second factor to a decision, and every page by axe and by size."""

import base64
import re
from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from tests.browser import visits
from tests.browser.test_accessibility import EVERYTHING, LOOKS, faults, resize
from tests.journey import probe

PASSWORD = "correct horse battery"
# axe reads style sheets that import others by making inline ones, which our policy forbids: it may not.
WITHOUT_PRELOAD = {"preload": False}
MAKE = f"""
from django.contrib.auth.models import Group, User
from mailboxes.services import abuse, blocks, creation
from mailboxes.models.mailboxes import Mailbox
root = User.objects.create_superuser("browser-root", "", {PASSWORD!r})
anna = User.objects.create_user("anna", "", {PASSWORD!r}, is_staff=True)
anna.groups.add(Group.objects.get(name="operator"))
creation.create()
made = creation.create()
abuse.file(abuse.Report("fraud", "about " + made.address, "They asked me for money.", "me@victim.example"))
blocks.add("network", "203.0.113.0/24", reason="bots")
print(json.dumps([made.address, made.mailbox.public_id]))
"""
# One of each kind: what the others show differs in words only.
PLACES = (
    "?minutes=360",
    "find/",
    "pause/",
    "second-factor/",
    "mailboxes/mailbox/",
    "mailboxes/domain/",
    "mailboxes/block/add/",
    "auth/user/add/",
)


def sign_in(page: Page, name: str, code: str = "") -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def code(key: str, steps: int = 0) -> str:
    return f"{totp(base64.b32decode(key), drift=steps):06}"


def test_an_operator_works_from_sign_in_to_decision(desktop: Page, stack: Stack, send) -> None:  # type: ignore[no-untyped-def]
    address, public_id = probe.shell(stack, MAKE)
    send(address, visits.CODE)
    send("abuse@" + address.partition("@")[2], visits.HTML)
    _second_factor(desktop)
    _where_is_my_mail(desktop, address, public_id)
    _decide(desktop, public_id)
    found = [fault for state in _states(desktop) for fault in _faults(desktop, state)]
    assert not found, "\n".join(found)


def _second_factor(page: Page) -> None:
    """Set it up, sign out, and sign in with a code of the next half minute, as the last one is used up."""
    sign_in(page, "browser-root")
    page.get_by_role("link", name="no second factor").click()
    key = page.locator("code.key").inner_text()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_label("Type the six digits").fill(code(key))
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".codes li")).to_have_count(10)
    recovery = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, "browser-root")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def _where_is_my_mail(page: Page, address: str, public_id: str) -> None:
    def is_told() -> bool:
        page.goto("/admin/find/")
        page.get_by_label("Address, public id").fill(address)
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("heading", name="A living mailbox")).to_be_visible()
        return page.get_by_text("Stored: it is in the inbox").count() > 0

    probe.wait_until(is_told)
    assert address not in page.url
    expect(page.get_by_role("link", name=public_id)).to_be_visible()
    assert "482913" not in page.content()
    assert "sign-in code" not in page.content()


def _decide(page: Page, public_id: str) -> None:
    page.goto("/admin/mailboxes/abusereport/?state__exact=open")
    page.locator("#result_list tbody a").first.click()
    expect(page.get_by_text("They asked me for money.")).to_be_visible()
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_label("Reason")).to_have_value(re.compile("^report "))
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_text("1 done.")).to_be_visible()
    page.goto("/admin/mailboxes/abusereport/?state__exact=open")
    page.locator("#result_list tbody a").first.click()
    page.get_by_label("Decision").select_option("acted")
    page.get_by_label("Reason").fill("frozen")
    page.get_by_role("button", name="Close with this decision").click()
    expect(page.get_by_text("closed: action was taken")).to_be_visible()
    page.goto("/admin/mailboxes/moderationrecord/")
    expect(page.get_by_text(public_id).first).to_be_visible()


def _states(page: Page) -> Iterator[str]:
    """Bring the page into one state after the other."""
    yield "report decided"
    for path in PLACES:
        page.goto(f"/admin/{path}")
        yield path
    for name in ("mailboxes/operatormessage", "auth/group"):
        page.goto(f"/admin/{name}/")
        page.locator("#result_list tbody a").first.click()
        page.wait_for_load_state()
        yield f"one of {name}"
    page.goto("/admin/mailboxes/mailbox/?state=empty")
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("button", name="End").click()
    expect(page.get_by_label("Reason")).to_be_visible()
    yield "asked for a reason"
    page.get_by_role("button", name="End for good").click()
    yield "without a reason"
    page.goto("/admin/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()
    yield "signed out"


def _faults(page: Page, state: str) -> list[str]:
    """What axe finds on a desktop in light and on a phone in the dark, and what does not fit there."""
    page.evaluate(Axe().axe_script)
    found = faults(page, {**EVERYTHING, **WITHOUT_PRELOAD}, state)
    page.emulate_media(color_scheme="dark")
    resize(page, "phone")
    found += faults(page, {**LOOKS, **WITHOUT_PRELOAD}, f"{state}, dark, phone")
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append(f"{state}, phone: wider than the screen")
    page.emulate_media(color_scheme="light")
    resize(page, "desktop")
    return found


def test_a_role_sees_its_places_only(desktop: Page, stack: Stack) -> None:
    sign_in(desktop, "anna")
    places = desktop.get_by_role("navigation", name="Operator")
    expect(places.get_by_role("link", name="Mail to the operator")).to_be_visible()
    expect(places.get_by_role("link", name="Users")).to_have_count(0)
