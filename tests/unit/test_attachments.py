"""An attachment is judged by its bytes, and what could harm is said."""

import pytest

from mailboxes.rules import attachments, parsing
from mailboxes.rules.attachments import Danger, Preview

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


def judge(name: str, declared: str, content: bytes) -> attachments.Judged:
    return attachments.judge(parsing.Attachment(1, name, declared, content, "", inline=False))


@pytest.mark.parametrize(
    ("name", "declared", "content", "preview", "danger"),
    [
        ("a.png", "image/png", PNG, "image", ""),
        ("a.jpg", "image/jpg", b"\xff\xd8\xff\xe0", "image", ""),
        ("a.webp", "image/webp", b"RIFF\0\0\0\0WEBP", "image", ""),
        ("a", "application/octet-stream", PNG, "image", ""),
        ("a.txt", "text/plain", b"hello", "text", ""),
        ("a.csv", "application/octet-stream", b"a;b", "text", ""),
        ("a.json", "application/json", b"{}", "text", ""),
        ("a.pdf", "application/pdf", b"%PDF-1.7", "", ""),
        ("a.zip", "application/zip", b"PK\x03\x04", "", ""),
        ("a.bin", "application/octet-stream", b"\0\1", "", ""),
        ("empty.png", "image/png", b"", "", ""),
        ("a.pdf.exe", "application/pdf", b"MZ", "", "program"),
        ("a.pdf", "application/pdf", b"MZ\x90", "", "program"),
        ("a.js", "text/plain", b"alert(1)", "", "program"),
        ("A.LNK", "application/octet-stream", b"L\0\0\0", "", "program"),
        ("a.iso", "application/octet-stream", b"\0" * 9, "", "program"),
        ("run", "text/plain", b"#!/bin/sh\nrm", "", "program"),
        ("a.docm", "application/vnd.ms-word", b"PK\x03\x04", "", "macros"),
        ("a.docx", "application/x", b"PK\x03\x04..word/vbaProject.bin..", "", "macros"),
        ("a.html", "text/html", b"<p>x", "", "page"),
        ("a.svg", "image/svg+xml", b"<svg onload=x>", "", "page"),
        ("a.txt", "text/plain", b"  \xef\xbb\xbf<!DOCTYPE html>", "", "page"),
        ("a.txt", "text/html", b"hello", "", "page"),
        ("a.png", "image/png", b"<svg/onload=alert(1)>", "", "page"),
        ("a.pdf", "application/pdf", PNG, "image", "mismatch"),
        ("a.png", "image/png", b"nothing of the kind", "", "mismatch"),
        ("a.txt", "text/plain", b"a\0b", "", ""),
    ],
)
def test_an_attachment_is_judged(
    name: str, declared: str, content: bytes, preview: str, danger: str
) -> None:
    judged = judge(name, declared, content)
    assert (judged.preview, judged.danger) == (Preview(preview), Danger(danger))


def test_an_image_that_is_too_large_is_not_previewed() -> None:
    judged = judge("a.png", "image/png", PNG + b"x" * attachments.PREVIEW_BYTES)
    assert judged.preview == Preview.NONE


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a\xffb", "a\ufffdb"),
        (b"\xff\xfea\0", "a"),
        (b"\xef\xbb\xbfa", "a"),
        (b"a\0b", "a\ufffdb"),
    ],
)
def test_any_bytes_are_shown_as_text(content: bytes, text: str) -> None:
    assert attachments.text_of(content) == text


def test_only_the_beginning_of_a_text_is_shown() -> None:
    assert len(attachments.text_of(b"x" * 1_000_000)) == attachments.TEXT_BYTES
