"""Through the gate in a real browser: one click with JavaScript, one question without, and a way out of every fault."""

import urllib.parse
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser import visits

CHALLENGE = "**/captcha/challenge"
INBOX = "**/m/*/"


def get_button(page: Page) -> None:
    page.get_by_role("button", name="Get an address").click()


def paths(requests: list[Request]) -> list[str]:
    return [urllib.parse.urlsplit(request.url).path for request in requests]


def test_one_click_gets_an_address_and_nobody_else_is_asked(page: Page) -> None:
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    visits.get_address(page)
    hosts = {urllib.parse.urlsplit(each.url).netloc for each in requests}
    assert {host for host in hosts if host} == {urllib.parse.urlsplit(page.url).netloc}
    assert paths(requests).count("/captcha/challenge") == 1
    assert paths(requests).count("/create") == 1


def test_what_does_the_work_is_fetched_when_somebody_comes_near(desktop: Page) -> None:
    requests: list[Request] = []
    desktop.on("request", lambda request: requests.append(request))
    desktop.goto("/")
    desktop.wait_for_load_state("networkidle")
    assert not [path for path in paths(requests) if "altcha" in path or "captcha" in path]
    with desktop.expect_request("**/altcha.min*.js"):
        desktop.get_by_role("radio", name="1 hour").focus()
    assert "/captcha/challenge" not in paths(requests)


def test_the_keyboard_alone_gets_an_address(desktop: Page) -> None:
    desktop.goto("/")
    desktop.get_by_role("radio", name="1 hour").focus()
    desktop.keyboard.press("ArrowLeft")
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(INBOX)


def test_while_it_works_the_button_says_so_and_a_second_click_does_nothing(desktop: Page) -> None:
    held: list[Route] = []
    desktop.route(CHALLENGE, lambda route: held.append(route))
    desktop.goto("/")
    get_button(desktop)
    button = desktop.get_by_role("button", name="One moment")
    expect(button).to_be_focused()
    expect(desktop.locator("#announcer")).to_have_text("One moment…")
    button.click(force=True)
    button.click(force=True)
    assert len(held) == 1
    held[0].continue_()
    desktop.wait_for_url(INBOX)


def test_back_and_once_more_gets_another_address(desktop: Page) -> None:
    first = visits.get_address(desktop)
    desktop.go_back()
    get_button(desktop)
    desktop.wait_for_url(INBOX)
    assert desktop.locator("#address").inner_text().strip() != first


def test_without_javascript_a_question_is_answered(
    open_context: Callable[..., BrowserContext],
) -> None:
    page = open_context("phone-light", java_script_enabled=False).new_page()
    page.goto("/")
    expect(page.get_by_role("link", name="Answer a question instead")).to_be_hidden()
    page.locator("label", has_text="10 minutes").click()
    page.get_by_label(page.locator("label[for=captcha_answer]").inner_text()).fill("wrong")
    get_button(page)
    expect(page.get_by_role("alert")).to_contain_text("Here is another question")
    expect(page.get_by_role("radio", name="10 minutes")).to_be_checked()
    visits.answer_the_question(page)
    get_button(page)
    page.wait_for_url(INBOX)


def test_a_question_may_be_answered_instead(desktop: Page) -> None:
    desktop.goto("/")
    desktop.locator("label", has_text="10 minutes").click()
    desktop.get_by_role("link", name="Answer a question instead").click()
    expect(desktop.locator("#captcha_answer")).to_be_focused()
    expect(desktop.get_by_role("radio", name="10 minutes")).to_be_checked()
    visits.answer_the_question(desktop)
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(INBOX)


@pytest.mark.parametrize("lost", [CHALLENGE, "**/altcha.min*.js"])
def test_when_the_work_cannot_be_done_a_question_is_asked(
    desktop: Page, lost: str, complaints: list[str]
) -> None:
    desktop.route(lost, lambda route: route.abort())
    desktop.goto("/")
    desktop.locator("label", has_text="10 minutes").click()
    get_button(desktop)
    expect(desktop.get_by_role("alert")).to_contain_text("Please answer the question")
    expect(desktop.get_by_role("radio", name="10 minutes")).to_be_checked()
    visits.answer_the_question(desktop)
    get_button(desktop)
    desktop.wait_for_url(INBOX)
    complaints[:] = [text for text in complaints if not text.startswith("ALTCHA ")]  # of itself


def test_where_the_browser_has_no_cryptography_the_question_is_there_at_once(desktop: Page) -> None:
    desktop.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    desktop.goto("/")
    visits.answer_the_question(desktop)
    get_button(desktop)
    desktop.wait_for_url(INBOX)


GOOGLE = "https://www.google.com/recaptcha/"
FIELD = (
    f'<input type="hidden" name="captcha" data-captcha="recaptcha" data-key="the-key"'
    f' data-action="create" data-script="{GOOGLE}api.js?render=the-key">'
)
API = "window.grecaptcha = { ready: (f) => f(), execute: async (k, o) => `${k} ${o.action}` };"


def with_recaptcha(route: Route) -> None:
    """Change the page to what it is with CAPTCHA=recaptcha."""
    answer = route.fetch()
    before, _, rest = answer.text().partition('<input type="hidden" name="captcha"')
    policy = answer.headers["content-security-policy"]
    policy = policy.replace("script-src 'self'", f"script-src 'self' {GOOGLE}")
    headers = {**answer.headers, "content-security-policy": policy}
    route.fulfill(response=answer, body=before + FIELD + rest.partition(">")[2], headers=headers)


def test_with_recaptcha_the_token_is_asked_for_when_the_form_is_sent(desktop: Page) -> None:
    sent: list[Request] = []
    desktop.route("**/", with_recaptcha)
    desktop.route(
        GOOGLE + "**", lambda route: route.fulfill(body=API, content_type="text/javascript")
    )
    desktop.route(
        "**/create", lambda route: (sent.append(route.request), route.fulfill(body="The form came"))
    )
    desktop.goto("/")
    get_button(desktop)
    expect(desktop.get_by_text("The form came")).to_be_visible()
    form = urllib.parse.parse_qs(sent[0].post_data or "")
    assert form["captcha"] == ["the-key create"]
