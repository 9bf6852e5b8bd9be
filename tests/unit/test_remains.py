"""The search for remains finds what it must not miss: a search that finds nothing would prove nothing."""

import base64
import gzip
import uuid
import zlib
from pathlib import Path

import pytest
import zstandard

from tests.journey import remains

SECRET = b"Zanzibar-Subject"
HIDDEN = {
    "plain": SECRET,
    "in capitals": SECRET.upper(),
    "hex": SECRET.hex().encode(),
    "hex in capitals": SECRET.hex().upper().encode(),
    "utf-16-le": SECRET.decode().encode("utf-16-le"),
    "utf-16-be": SECRET.decode().encode("utf-16-be"),
    "base64": base64.b64encode(SECRET),
    "base64 after a byte": base64.b64encode(b"x" + SECRET + b"y"),
    "base64 after two bytes": base64.b64encode(b"xx" + SECRET + b"yyy"),
    "zlib": zlib.compress(SECRET),
    "gzip": gzip.compress(SECRET),
    "zstandard": zstandard.compress(SECRET),
    "zstandard without its size": zstandard.ZstdCompressor(write_content_size=False).compress(
        SECRET
    ),
    "raw deflate": zlib.compress(SECRET, wbits=-15),
    "base64 in zlib": zlib.compress(base64.b64encode(SECRET)),
}


@pytest.mark.parametrize("form", HIDDEN)
def test_every_form_is_found_among_other_bytes(form: str) -> None:
    content = b"before " + HIDDEN[form] + b" after"
    assert remains.found_in(content, remains.needles([SECRET])) == {SECRET}


def test_what_is_compressed_far_inside_a_large_file_is_found() -> None:
    content = bytes(200_000) + zlib.compress(SECRET) + bytes(10)
    assert remains.found_in(content, remains.needles([SECRET])) == {SECRET}


def test_ids_are_found_as_stored_and_as_written() -> None:
    value = uuid.uuid4()
    for content in (value.bytes, str(value).encode(), value.hex.encode()):
        assert remains.found_in(content, remains.needles([value]))


def test_names_of_files_count_and_others_are_not_found(tmp_path: Path) -> None:
    (tmp_path / "zanzibar-subject").touch()
    (tmp_path / "other").write_bytes(b"nothing of it")
    found = remains.found_in_files([tmp_path], remains.needles([SECRET]))
    assert found == {tmp_path / "zanzibar-subject": {SECRET}}
