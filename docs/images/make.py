"""Draws the icons and the social card, from favicon.svg and social.html, with Chromium.

`.venv/bin/python docs/images/make.py`. The results are committed: nothing of this runs when the site is started.
"""

import base64
import collections
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
STATIC = HERE.parents[1] / "mailboxes" / "static" / "mailboxes"
TRANSPARENT = "transparent"
GROUND = "#0b5d45"
MASKABLE = 0.72  # of the edge: what is outside of a circle of 80 % may be cut off (W3C manifest, icon masks)


def main() -> None:
    """Draw everything anew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for size in (192, 512):
            _write(f"icon-{size}.png", _icon(browser, size))
        _write("icon-maskable-512.png", _icon(browser, 512, MASKABLE, GROUND))
        _write("apple-touch-icon.png", _icon(browser, 180, 0.86, GROUND))
        _write("favicon.ico", _ico({size: _icon(browser, size) for size in (16, 32)}))
        card = _shoot(browser, (HERE / "social.html").read_text(), 1200, 630)
        _write("social.png", _packed(browser, card))
        browser.close()


def _icon(browser: Browser, size: int, scale: float = 1.0, ground: str = TRANSPARENT) -> bytes:
    edge = round(size * scale)
    svg = (STATIC / "favicon.svg").read_text()
    page = (
        f"<style>html {{ background: {ground} }} body {{ margin: 0; height: {size}px; display: grid;"
        f" place-items: center }} svg {{ width: {edge}px; height: {edge}px }}</style>{svg}"
    )
    return _shoot(browser, page, size, size)


def _shoot(browser: Browser, html: str, width: int, height: int) -> bytes:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_content(html)
    image = page.screenshot(omit_background=True)
    page.close()
    return image


def _packed(browser: Browser, png: bytes) -> bytes:
    """Return an opaque image with 256 colours at most: a third of the bytes of Chromium's.

    The most frequent colours stay; every other becomes the nearest of them.
    """
    width, height = struct.unpack(">II", png[16:24])
    raw = _pixels(browser, png)
    pixels = [raw[at : at + 3] for at in range(0, len(raw), 4)]
    palette = [colour for colour, _ in collections.Counter(pixels).most_common(256)]
    index = {colour: number for number, colour in enumerate(palette)}
    for colour in set(pixels) - index.keys():
        index[colour] = min(range(len(palette)), key=lambda n: _distance(palette[n], colour))
    rows = (pixels[y * width : (y + 1) * width] for y in range(height))
    lines = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in (*chunks, (b"IEND", b"")))


def _pixels(browser: Browser, png: bytes) -> bytes:
    """Return the RGBA bytes of an image, read by Chromium."""
    page = browser.new_page()
    script = """async (source) => {
        const image = await createImageBitmap(await (await fetch(source)).blob());
        const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
        canvas.drawImage(image, 0, 0);
        const { data } = canvas.getImageData(0, 0, image.width, image.height);
        let text = "";
        for (let at = 0; at < data.length; at += 32768) {
            text += String.fromCharCode(...data.subarray(at, at + 32768));
        }
        return btoa(text);
    }"""
    source = "data:image/png;base64," + base64.b64encode(png).decode()
    pixels = base64.b64decode(page.evaluate(script, source))
    page.close()
    return pixels


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _ico(images: dict[int, bytes]) -> bytes:
    """Return an ICO file of PNG images: a header of 6 bytes, 16 bytes for each image, the images."""
    offset = 6 + 16 * len(images)
    entries, bodies = b"", b""
    for size, png in images.items():
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(png), offset + len(bodies))
        bodies += png
    return struct.pack("<HHH", 0, 1, len(images)) + entries + bodies


def _write(name: str, content: bytes) -> None:
    (STATIC / name).write_bytes(content)
    print(f"{name:24} {len(content):7} bytes")


if __name__ == "__main__":
    main()
