"""Every page at 320 px (which is 1280 px at 400 %), with wide text, from right to left, without motion, by keyboard."""

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from deploy.local.stack import Stack
from tests.browser import states, visits
from tests.browser.conftest import SIZES, Send

LAYOUT = (Path(__file__).parent / "layout.js").read_text().partition("\n")[2]
NARROW = {"width": 320, "height": 256}  # 1280 x 1024 at 400 %: WCAG 1.4.10
# WCAG 1.4.12: no loss of content with these.
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  const all = "line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important";
  sheet.replaceSync(`* { ${all} } p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
PLAIN = "() => { document.adoptedStyleSheets = [] }"
TURN = "direction => { document.documentElement.dir = direction }"
# What is said to a person who sees, in any order.
SEEN = """() => [...document.querySelectorAll("main *")]
  .filter((each) => !each.closest("[aria-hidden=true], .hidden, [data-ends], template, noscript"))
  .filter((each) => !each.children.length && each.textContent.trim())
  .filter((each) => each.checkVisibility()).map((each) => each.textContent.trim())"""
# Where the focus is seen: on the element itself, or on what stands for it.
FOCUS = """() => {
  const at = document.activeElement;
  const styles = (each) => each ? [getComputedStyle(each), getComputedStyle(each, "::after")] : [];
  const drawn = (each) => styles(each).some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
  const box = at.getBoundingClientRect();
  return { name: at.outerHTML.slice(0, 120), body: at === document.body,
    drawn: [at, at.nextElementSibling, at.closest("label"), at.parentElement, at.closest("li")].some(drawn),
    inside: box.bottom > 0 && box.top < innerHeight };
}"""
RUNNING = """() => document.getAnimations().filter((each) => each.playState === "running")
  .filter((each) => each.effect.getComputedTiming().duration > 100)
  .map((each) => `${each.animationName ?? each.transitionProperty} on ${each.effect.target?.className}`)"""


def test_nothing_is_lost_or_scrolls_sideways_in_any_state(desktop: Page, stack: Stack) -> None:
    found = []
    for state in states.every(desktop, stack, states.boxes(stack)):
        if state.startswith("/admin"):
            continue  # for operators: tests/browser/test_operators.py
        seen = desktop.evaluate(SEEN)
        desktop.set_viewport_size(NARROW)
        found += [f"{state}, narrow: {each}" for each in desktop.evaluate(LAYOUT)]
        lost = set(seen) - set(desktop.evaluate(SEEN))
        found += [f"{state}, narrow: lost {each!r}" for each in sorted(lost)]
        desktop.evaluate(SPACING)
        found += [f"{state}, narrow and spaced: {each}" for each in desktop.evaluate(LAYOUT)]
        desktop.evaluate(PLAIN)
        desktop.evaluate(TURN, "rtl")
        found += [f"{state}, narrow and turned: {each}" for each in desktop.evaluate(LAYOUT)]
        width, height = SIZES["desktop"]
        desktop.set_viewport_size({"width": width, "height": height})
        found += [f"{state}, turned: {each}" for each in desktop.evaluate(LAYOUT)]
        desktop.evaluate(TURN, "ltr")
        assertive = desktop.locator("[aria-live=assertive]").count()
        found += [f"{state}: an assertive live region"] if assertive else []
    assert not found, "\n".join(found)


def test_nothing_moves_for_who_wants_no_motion(desktop: Page, stack: Stack, send: Send) -> None:
    desktop.emulate_media(reduced_motion="reduce")
    desktop.goto("/")
    assert desktop.evaluate(RUNNING) == []
    address = visits.get_address(desktop)
    visits.await_stream(desktop)
    assert desktop.evaluate(RUNNING) == [], "while it waits for mail"
    send(address, visits.CODE)
    expect(desktop.locator(".row")).to_be_visible()
    assert desktop.evaluate(RUNNING) == [], "while mail comes in"
    assert desktop.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_get_read_and_delete_work_with_the_keyboard_alone(desktop: Page, send: Send) -> None:
    desktop.goto("/")
    desktop.keyboard.press("Tab")
    skip = desktop.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desktop.keyboard.press("Enter")
    expect(desktop.locator("#main")).to_be_focused()
    tab_to(desktop, desktop.get_by_role("button", name="Get an address"))
    desktop.keyboard.press("Enter")
    address = desktop.locator("#address")
    expect(address).to_be_visible()
    visits.await_stream(desktop)
    send(address.inner_text().strip().replace("\n", ""), visits.CODE)
    row = desktop.get_by_role("link", name="Your sign-in code")
    expect(row).to_be_visible()
    tab_to(desktop, row)
    send(address.inner_text().strip().replace("\n", ""), visits.HTML)
    expect(desktop.locator(".row")).to_have_count(2)
    expect(row).to_be_focused()
    desktop.keyboard.press("Enter")
    expect(desktop.locator("article")).to_be_visible()
    tab_to(desktop, desktop.locator("article").get_by_role("button", name="Delete").first)
    desktop.keyboard.press("Space")
    expect(desktop.locator(".row")).to_have_count(1)
    expect(desktop.get_by_text("The message is deleted.")).to_be_visible()
    box = desktop.locator(".row input[type=checkbox]")
    tab_to(desktop, box)
    desktop.keyboard.press("Space")
    expect(box).to_be_checked()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until this has the focus; the focus is seen wherever it comes."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["body"]:
            continue
        assert focus["drawn"], f"no focus to be seen on {focus['name']}"
        assert focus["inside"], f"the focus is out of sight on {focus['name']}"
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"Tab does not come to {wanted}")
