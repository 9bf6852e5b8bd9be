"""WCAG 2.2 AA, as far as a program can tell: axe finds nothing on any page in any state, in light and in dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from deploy.local.stack import Stack
from tests.browser import states
from tests.browser.conftest import SIZES

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"runOnly": {"type": "tag", "values": STANDARD}}
# What else can differ on another device or in the dark.
LOOKS = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}}
RUN = """async (options) => {
  const { violations } = await axe.run(document, { ...options, iframes: false, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => [id, node.html, node.failureSummary]));
}"""


def test_axe_finds_nothing_on_any_page_in_any_state(desktop: Page, stack: Stack) -> None:
    found = []
    for state in states.every(desktop, stack, states.boxes(stack)):
        desktop.evaluate(Axe().axe_script)
        found += faults(desktop, EVERYTHING, state)
        desktop.emulate_media(color_scheme="dark")
        found += faults(desktop, LOOKS, f"{state}, dark")
        resize(desktop, "phone")
        found += faults(desktop, LOOKS, f"{state}, dark, phone")
        desktop.emulate_media(color_scheme="light")
        resize(desktop, "desktop")
    assert not found, "\n".join(found)


def resize(page: Page, size: str) -> None:
    """Make the page as large as on this device."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


def faults(page: Page, options: dict[str, Any], state: str) -> list[str]:
    """What axe finds, a line for each element."""
    return [
        f"{state}: {rule}: {html[:160]} {why[:300]!r}"
        for rule, html, why in page.evaluate(RUN, options)
    ]


def test_axe_would_find_something(desktop: Page) -> None:
    desktop.goto("/about")
    desktop.evaluate("document.querySelector('main p').style.color = '#ddd'")
    desktop.evaluate(Axe().axe_script)
    assert any("color-contrast" in each for each in faults(desktop, EVERYTHING, "about"))


@pytest.mark.parametrize("path", ["/", "/report"])
def test_the_forms_are_named_and_described_without_javascript(open_context, path: str) -> None:  # type: ignore[no-untyped-def]
    page: Page = open_context(java_script_enabled=False).new_page()
    page.goto(path)
    fields = page.locator("main input:not([type=hidden]), main select, main textarea")
    for field in fields.all():
        assert field.evaluate("field => field.labels.length || field.getAttribute('aria-label')")
