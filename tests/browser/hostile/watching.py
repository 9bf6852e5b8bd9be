"""Opens documents in frames of one page, and notes everything that one of them manages to do."""

import re
from collections.abc import Iterable, Mapping

from playwright.sync_api import BrowserContext, Dialog, Page, Request

_OPEN = """async ([frames, sandbox]) => {
  await Promise.all(frames.map(([name, url]) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.name = name;
    if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
    frame.onload = done;
    setTimeout(done, 20000);
    frame.src = url;
    document.body.append(frame);
  })));
}"""
# Clicks on everything but links that a person may follow: these go where they say.
_CLICK = """() => {
  const all = document.querySelectorAll("a,area,button,input,label,summary,details,option,text,rect,mi,[tabindex]");
  for (const each of [...all].slice(0, 60)) {
    if (/^(https?|mailto):/.test(each.href ?? "")) continue;
    each.focus?.();
    each.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }
}"""
_HARMLESS = re.compile(r"(?:data|about|blob|chrome-error):")
_FOLLOWED = re.compile(r"/[a-z0-9-]+/link(?:\?.*)?")


class Watch:
    """A line for each thing in a context that should not be, with the payload's name somewhere in it.

    `happened` has what was done, `notes` also what was tried and refused.
    """

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.notes: list[str] = []
        self.happened: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self._context, self._origin = context, origin
        context.on("request", self._request)
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self._happened(f"script error: {error.error}"))
        context.on("dialog", self._dialog)

    def page(self, *, saves_files: bool = False) -> Page:
        """A tab that is watched; `saves_files` where downloads are meant."""
        page = self._context.new_page()
        page.on("popup", lambda popup: self._popup(popup))
        if not saves_files:
            page.on("download", lambda download: self._happened(f"downloaded {download.url}"))
        return page

    def open(self, page: Page, frames: Mapping[str, str], sandbox: str | None) -> None:
        """Open these URLs in frames with these names, wait, click around in them, and wait again."""
        page.evaluate(_OPEN, [list(frames.items()), sandbox])
        page.wait_for_timeout(200)
        for frame in page.frames[1:]:
            if frame.name in frames:
                self.clicked(frame)
        page.wait_for_timeout(200)
        for frame in page.frames[1:]:
            wanted = frames.get(frame.name)
            if wanted and frame.url != wanted:
                self._happened(f"{frame.name} went to {frame.url}")

    def clicked(self, frame) -> None:  # type: ignore[no-untyped-def]
        """Click on everything in a frame."""
        frame.evaluate(_CLICK)

    def _happened(self, line: str) -> None:
        self.notes.append(line)
        self.happened.append(line)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self._origin) and not _HARMLESS.match(request.url):
            self.requests.append((request.resource_type, request.url))
            self.notes.append(f"tried to request {request.url}")

    def _console(self, kind: str, text: str) -> None:
        if kind == "log" and "ran-" in text:
            self._happened(f"wrote to the console: {text}")
        elif "ran-" in text:
            self.notes.append(f"{kind} in the console: {text[:300]}")

    def _dialog(self, dialog: Dialog) -> None:
        self._happened(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _popup(self, popup: Page) -> None:
        # A click in a frame may open a window; what the browser refuses to load there is its own error page.
        note = self.notes.append if popup.url.startswith("chrome-error:") else self._happened
        note(f"a window: {popup.url}")
        popup.close()


def names_in(lines: Iterable[str], known: Iterable[str]) -> set[str]:
    """The names of payloads that these lines speak of."""
    said = set(re.findall(r"[a-z]+-\d+", "\n".join(lines)))
    return said & set(known)


def unfollowed(hits: Iterable[str]) -> list[str]:
    """Requests that came without a person following a link."""
    return [hit for hit in hits if not _FOLLOWED.fullmatch(hit)]
