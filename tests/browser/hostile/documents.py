"""The payloads as documents: each with a name, and with the canary's addresses of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.browser.hostile import addresses, loading, scripting, styling, vectors

SECRET = "482913"
_APART = {
    "script": scripting.SCRIPTS,
    "mutation": scripting.MUTATION,
    "breaking": scripting.BREAKING,
    "address": addresses.ELSEWHERE,
    "opening": vectors.OPENING,
    "meta": loading.META,
    "base": loading.BASES,
    "form": loading.FORMS,
    "leak": styling.LEAKS,
}
# None of these swallows the next one.
_TOGETHER = {
    "handler": scripting.HANDLERS,
    "anchor": addresses.LINKS,
    "svg": vectors.SVG,
    "mathml": vectors.MATHML,
    "link": loading.LINKS,
    "image": loading.IMAGES,
    "frame": loading.FRAMES,
    "import": styling.IMPORTS,
    "wrapped": styling.WRAPPED,
    "property": styling.PROPERTIES,
    "value": styling.VALUES,
    "inline": styling.INLINE,
}
_EACH = 8


@dataclass(frozen=True)
class Document:
    """One HTML document. `payloads` has what is in it by name; the names are in its addresses and scripts."""

    name: str
    payloads: dict[str, str]

    @property
    def html(self) -> str:
        return f"<p>Your code is {SECRET}.</p>\n" + "\n".join(self.payloads.values())


def every(port: int) -> Iterator[Document]:
    """Every document, pointing to the canary on this port."""
    for kind, payloads in _APART.items():
        for number, payload in enumerate(payloads):
            name = f"{kind}-{number}"
            yield Document(name, {name: _aimed(payload, name, port)})
    for kind, payloads in _TOGETHER.items():
        named = [(f"{kind}-{number}", payload) for number, payload in enumerate(payloads)]
        for start in range(0, len(named), _EACH):
            part = {name: _aimed(text, name, port) for name, text in named[start : start + _EACH]}
            yield Document(f"{kind}s-{start}", part)


def _aimed(payload: str, name: str, port: int) -> str:
    return aimed(payload.encode("utf-8", "surrogatepass"), name, port).decode(
        "utf-8", "surrogatepass"
    )


def aimed(payload: bytes, name: str, port: int) -> bytes:
    """The payload with its script and the canary's addresses in it."""
    return (
        payload.replace(b"{run}", f"console.log`ran-{name}`".encode())
        .replace(b"{url}", f"http://127.0.0.1:{port}/{name}".encode())
        .replace(b"{host}", f"{name}.canary.test:{port}".encode())
        .replace(b"{id}", name.encode())
    )
