"""Pictures for the demo's mail, drawn here: nobody's photographs, and no file to carry along."""

import math
import struct
import zlib
from functools import lru_cache

WIDTH, HEIGHT = 520, 220
Color = tuple[int, int, int]

_SKIES: tuple[tuple[Color, Color], ...] = (
    ((250, 214, 165), (242, 140, 110)),
    ((196, 226, 240), (120, 176, 214)),
    ((214, 205, 240), (150, 130, 200)),
)
_HILLS: tuple[tuple[Color, ...], ...] = (
    ((120, 150, 120), (76, 116, 88), (40, 78, 60)),
    ((150, 170, 150), (96, 136, 120), (50, 92, 88)),
    ((130, 120, 160), (88, 84, 128), (52, 52, 92)),
)


@lru_cache(maxsize=8)
def landscape(seed: int) -> bytes:
    """Return a PNG: hills below a sky with a sun."""
    rows = b"".join(b"\0" + _row(y, seed) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _row(y: int, seed: int) -> bytes:
    top, low = _SKIES[seed % len(_SKIES)]
    sky = bytes(round(a + (b - a) * y / HEIGHT) for a, b in zip(top, low, strict=True))
    row = bytearray(sky * WIDTH)
    sun_x, sun_y = 90 + seed * 97 % (WIDTH - 180), 64
    half = math.isqrt(max(0, 34 * 34 - (y - sun_y) ** 2))
    row[3 * (sun_x - half) : 3 * (sun_x + half)] = bytes((255, 244, 214)) * (2 * half)
    for depth, color in enumerate(_HILLS[seed % len(_HILLS)]):
        for x in range(WIDTH):
            if y > _ridge(x, depth, seed):
                row[3 * x : 3 * x + 3] = bytes(color)
    return bytes(row)


def _ridge(x: int, depth: int, seed: int) -> float:
    wave = math.sin(x / (70 - 14 * depth) + seed * 1.7 + depth * 2.1) * (16 - 3 * depth)
    return 112 + 34 * depth + wave + math.sin(x / 29 + seed) * 5


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
