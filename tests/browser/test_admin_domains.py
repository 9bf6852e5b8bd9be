"""The domain doctor's page and that for many domains, on a dark phone and a light desktop."""

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from deploy.local.stack import Stack
from tests.browser.test_accessibility import EVERYTHING, faults
from tests.journey import probe

LIST = "/admin/mailboxes/domain/"
# A domain with one finding of each level, as the doctor would have left it, and a session of an operator.
MAKE = """
from django.contrib.auth.models import User
from django.test import Client
from mailboxes.models.domains import Domain, DomainReport
from mailboxes.rules import domain_findings
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.services import clock
user = User.objects.filter(username="doctor").first() or User.objects.create_superuser("doctor", "", "x")
browser = Client(HTTP_HOST="127.0.0.1")
browser.force_login(user)
domain, _ = Domain.objects.get_or_create(name="doctor.example", defaults={"offered": False})
Domain.objects.filter(pk=domain.pk).update(health="bad")
record = "_mta-sts.doctor.example. IN TXT v\\n\\nhttps://mta-sts.doctor.example/.well-known/" + "x" * 60
findings = [
    Finding(Check.MX, Level.FAULT, "elsewhere", "10 " + "long-name." * 20, "doctor.example. IN MX 10 mx.example."),
    Finding(Check.SPF, Level.WARNING, "none", "", 'doctor.example. IN TXT "v=spf1 -all"'),
    Finding(Check.MTA_STS, Level.ADVICE, "none", "", record),
    Finding(Check.DMARC, Level.UNKNOWN, "dns-server"),
    Finding(Check.BLOCKLIST, Level.OK, "not-listed"),
]
rows = {"checked_at": clock.now(), "findings": domain_findings.to_json(findings)}
DomainReport.objects.update_or_create(domain=domain, defaults=rows)
print(json.dumps([domain.pk, {name: morsel.value for name, morsel in browser.cookies.items()}]))
"""


def test_the_doctors_page_can_be_read_and_used_by_everybody(
    open_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    pk, cookies = probe.shell(stack, MAKE)
    faulty = []
    for device in ("phone-dark", "desktop-light"):
        page = signed_in(open_context(device), stack, cookies)
        for path in (f"{LIST}{pk}/doctor/", f"{LIST}several/", LIST):
            page.goto(path)
            page.evaluate(Axe().axe_script)
            faulty += faults(page, EVERYTHING, f"{path} {device}")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            faulty += [f"{path} {device} scrolls sideways by {wide}"] * (wide > 0)
    assert not faulty, "\n".join(faulty)


def test_check_now_asks_the_doctor_in(
    open_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    _, cookies = probe.shell(stack, MAKE)
    page = signed_in(open_context(), stack, cookies)
    page.goto(LIST)
    page.locator("#result_list").get_by_role("link", name="mail does not arrive").click()
    expect(page.locator("[data-check=mx]")).to_contain_text("doctor.example. IN MX 10 mx.example.")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("[data-check=delivery][data-level=ok]")).to_contain_text("ms")
    expect(page.locator("[data-check=mx][data-level=unknown]")).to_be_visible()


def signed_in(context: BrowserContext, stack: Stack, cookies: dict[str, str]) -> Page:
    """Open a tab as the operator."""
    context.add_cookies(
        [{"name": name, "value": value, "url": stack.url} for name, value in cookies.items()]
    )
    return context.new_page()
