"""Several hundred payloads in the HTML of mail: each wall alone holds them, and without walls they do bite."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from deploy.local.stack import Stack
from tests.browser.filled import Mailbox, fill
from tests.browser.hostile import letters, watching
from tests.browser.hostile.canary import Canary, Pages, running
from tests.browser.hostile.conftest import Visitor
from tests.browser.hostile.documents import SECRET, Document
from tests.journey import probe

MARK = "the document stands here"
BATCH = 60
BITING = ("opening", "handlers", "images", "links", "imports", "inlines", "form")
FETCHING = (
    "images",
    "inlines",
    "imports",
    "svgs",
    "links",
    "frames",
    "meta",
    "base",
    "leak",
    "form",
)
RUNS_ALL = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals"
AUDIT = (Path(__file__).parent / "audit.js").read_text().partition("\n")[2]


@pytest.fixture(scope="module")
def wall(hostile_stack: Stack) -> Mailbox:
    return fill(hostile_stack, [letters.html_mail(MARK, 0)])[0]


def sandbox_of(page: Page) -> str:
    """What the message page lets its frame do."""
    sandbox = page.locator("iframe").get_attribute("sandbox")
    assert sandbox is not None
    assert not set(sandbox.split()) & {"allow-scripts", "allow-same-origin", "allow-forms"}
    assert not {word for word in sandbox.split() if word.startswith("allow-top-navigation")}
    return sandbox


def batches(documents: list[Document]) -> list[list[Document]]:
    return [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]


def told(lines: list[str], documents: list[Document]) -> str:
    """These lines, and the payloads that they speak of."""
    payloads = {name: text for each in documents for name, text in each.payloads.items()}
    named = sorted(watching.names_in(lines, payloads))
    return "\n".join([*lines, *(f"{name}: {payloads[name]}" for name in named)])


def test_no_cleaned_document_does_anything(
    visitor: Visitor, hostile_stack: Stack, canary: Canary, documents: list[Document]
) -> None:
    raws = [letters.html_mail(each.html, number) for number, each in enumerate(documents)]
    [mailbox] = fill(hostile_stack, raws)
    mailbox.open_in(visitor.context, hostile_stack)
    ids = dict(zip((each.name for each in documents), mailbox.messages, strict=True))
    watch, left = watching.Watch(visitor.context, hostile_stack.url), []
    for number, batch in enumerate(batches(documents)):
        page = watch.page()
        page.set_extra_http_headers({"X-Forwarded-For": f"192.0.2.{number}"})
        page.goto(hostile_stack.url + mailbox.path(ids[batch[0].name]) + "?view=html")
        title, address = page.title(), page.url
        frames = {
            each.name: f"{hostile_stack.url}{mailbox.path(ids[each.name])}frame" for each in batch
        }
        watch.open(page, frames, sandbox_of(page))
        left += audit(page, frames)
        assert (page.title(), page.url) == (title, address)
        page.close()
    resolved = [f"{name} was looked up" for name in visitor.names_resolved()]
    lines = [*watch.notes, *left, *resolved, *canary.hits]
    assert not lines, told(lines, documents)
    assert canary.connections == 0


def audit(page: Page, frames: dict[str, str]) -> list[str]:
    """What is left in the frames of this page that should not be, or is lost that should be seen."""
    found, heads = [], set()
    for frame in page.frames[1:]:
        if frame.name in frames:
            left, head, text = frame.evaluate(AUDIT)
            found += [f"{frame.name} has {each}" for each in left]
            heads.add(head)
            if SECRET not in text:
                found.append(f"{frame.name} does not show its text: {text[:100]}")
    assert len(heads) == 1, "something came into the head"
    return found


def test_the_frame_holds_all_of_it_even_uncleaned(
    visitor: Visitor, hostile_stack: Stack, wall: Mailbox, canary: Canary, documents: list[Document]
) -> None:
    wall.open_in(visitor.context, hostile_stack)
    setup = visitor.context.new_page()
    setup.goto(hostile_stack.url + wall.path(wall.messages[0]))
    sandbox = sandbox_of(setup)
    answer = visitor.context.request.get(hostile_stack.url + wall.path(wall.messages[0]) + "frame")
    kept = ("content-security-policy", "referrer-policy", "x-content-type-options")
    pages = Pages({name: answer.headers[name] for name in kept})
    template = answer.text()
    assert template.count(MARK) == 1
    for each in documents:
        content = template.replace(MARK, each.html).encode("utf-8", "surrogatepass")
        pages.pages[f"/{each.name}"] = content
    with running(pages):
        watch = watching.Watch(visitor.context, pages.url)
        for batch in batches(documents):
            page = watch.page()
            page.goto(pages.url + "/")
            watch.open(page, {each.name: f"{pages.url}/{each.name}" for each in batch}, sandbox)
            assert (page.title(), page.url) == ("still here", pages.url + "/")
            page.close()
    lines = [*watch.happened, *watching.unfollowed(canary.hits)]
    assert not lines, told(lines, documents)


def test_with_images_loaded_nothing_but_pictures_is_fetched(
    visitor: Visitor, hostile_stack: Stack, canary: Canary, documents: list[Document]
) -> None:
    chosen = [each for each in documents if each.name.split("-")[0] in FETCHING]
    raws = [letters.html_mail(each.html, number) for number, each in enumerate(chosen)]
    [mailbox] = fill(hostile_stack, raws)
    mailbox.open_in(visitor.context, hostile_stack)
    watch, ids = watching.Watch(visitor.context, hostile_stack.url), iter(mailbox.messages)
    for number, batch in enumerate(batches(chosen)):
        messages = [next(ids) for _ in batch]
        page = watch.page()
        page.set_extra_http_headers({"X-Forwarded-For": f"198.51.100.{number}"})
        page.goto(hostile_stack.url + mailbox.path(messages[0]) + "?view=html")
        frames = {
            each.name: f"{hostile_stack.url}{mailbox.path(message)}frame?images={given}"
            for each, message, given in zip(
                batch, messages, passes(hostile_stack, messages), strict=True
            )
        }
        watch.open(page, frames, sandbox_of(page))
        page.close()
    assert not watch.happened, told(watch.happened, documents)
    others = [
        url for kind, url in watch.requests if kind != "image" or not url.startswith("https:")
    ]
    assert not others, told(others, documents)
    assert all(hit.endswith("/tls") for hit in canary.hits)
    assert len(watch.requests) > 10, "the pass did let pictures in"


def passes(stack: Stack, messages: list[str]) -> list[str]:
    """What the form "Load images this time" gives for each of these messages."""
    code = "import uuid\nfrom mailboxes.web import images\n"
    code += f"print(json.dumps([images.give(uuid.UUID(each)) for each in {messages}]))"
    given: list[str] = probe.shell(stack, code)
    return given


def test_without_the_walls_the_same_payloads_bite(
    visitor: Visitor, canary: Canary, documents: list[Document]
) -> None:
    chosen = [each for each in documents if each.name.split("-")[0] in BITING]
    pages = Pages({})
    for each in chosen:
        pages.pages[f"/{each.name}"] = b"<!doctype html>" + each.html.encode(
            "utf-8", "surrogatepass"
        )
    with running(pages):
        watch, audited = watching.Watch(visitor.context, pages.url), 0
        for batch in batches(chosen):
            page = watch.page()
            page.goto(pages.url + "/")
            watch.open(page, {each.name: f"{pages.url}/{each.name}" for each in batch}, RUNS_ALL)
            audited += sum(bool(frame.evaluate(AUDIT)[0]) for frame in page.frames[1:])
            page.close()
    names = [name for each in chosen for name in each.payloads]
    ran = watching.names_in([*watch.happened, *watching.unfollowed(canary.hits)], names)
    ran |= visitor.names_resolved() & set(names)
    assert len(ran) >= len(names) / 2, f"{len(ran)} of {len(names)}"
    assert audited >= len(chosen) / 2, "what is left in a frame is seen"
    assert watch.happened, "scripts ran, and were seen"
    assert canary.hits, "resources were fetched, and were seen"
