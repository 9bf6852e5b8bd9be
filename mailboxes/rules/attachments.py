"""What an attachment is by its first bytes, whether that is what it says, and whether it may harm or be shown."""

import dataclasses
import enum
from dataclasses import dataclass

from mailboxes.rules.parsing import Attachment

PREVIEW_BYTES = 8 * 1024 * 1024
TEXT_BYTES = 200_000
_HEAD = 4096


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (b"#!", "text/x-shellscript"),
    (b"{\\rtf", "application/rtf"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
)
RASTER = frozenset(
    {"image/png", "image/gif", "image/jpeg", "image/webp", "image/avif", "image/bmp"}
)
_PROGRAMS = _words(
    "application/vnd.microsoft.portable-executable application/x-executable application/x-mach-binary"
    " application/x-ms-shortcut text/x-shellscript"
)
# Opening one of these with a double click runs it, or opens what does.
_RUNNING = _words(
    "exe scr com bat cmd pif msi msp msix appx cpl dll jar js jse vbs vbe ws wsf wsh hta ps1 psm1 reg lnk url"
    " inf scf gadget application chm hlp iso img vhd vhdx dmg pkg app apk deb rpm sh bash command py pl rb"
    " desktop xll one sct msc library-ms search-ms settingcontent-ms"
)
_PAGES = _words("html htm xhtml xht shtml mht mhtml svg svgz xml xsl xslt")
_MACROS = _words("docm dotm xlsm xltm xlsb xlam pptm potm ppsm ppam sldm")
_TEXTS = _words(
    "txt text log md csv tsv json yaml yml ini cfg conf toml ics vcf asc sig pem eml diff patch tex srt"
)
_TEXT_TYPES = _words(
    "application/json application/x-yaml application/pgp-signature message/delivery-status"
    " message/disposition-notification message/feedback-report message/rfc822"
)
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body")
_EXTENSIONS = {
    "image/png": {"png", "apng"},
    "image/gif": {"gif"},
    "image/jpeg": {"jpg", "jpeg", "jpe", "jfif"},
    "image/webp": {"webp"},
    "image/avif": {"avif", "avifs"},
    "image/bmp": {"bmp", "dib"},
    "application/pdf": {"pdf", "ai"},
}
# A name that ends so promises what these bytes would be.
_PROMISED = {name: kind for kind, names in _EXTENSIONS.items() for name in names}


class Preview(enum.StrEnum):
    """How an attachment may be shown without running anything."""

    NONE = ""
    IMAGE = "image"
    TEXT = "text"


class Danger(enum.StrEnum):
    """Why a reader should think before opening an attachment."""

    NONE = ""
    PROGRAM = "program"
    MACROS = "macros"
    PAGE = "page"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Judged:
    """An attachment with what it was found to be; `detected` is '' where its bytes do not tell."""

    attachment: Attachment
    detected: str
    preview: Preview
    danger: Danger


def judge(attachment: Attachment) -> Judged:
    """Look at the name, the declared type and the first bytes of an attachment."""
    detected = detect(attachment.content)
    judged = Judged(attachment, detected, Preview.NONE, _danger(attachment, detected))
    return dataclasses.replace(judged, preview=_preview(judged))


def detect(content: bytes) -> str:
    """The media type that the first bytes of a file tell, or ''."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    if content[:2] == b"BM" and content[6:10] == b"\0\0\0\0":
        return "image/bmp"
    start = content[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "text/html" if start.startswith(_MARKUP) else ""


def text_of(content: bytes) -> str:
    """The beginning of a file as text, whatever bytes it holds."""
    head = content[:TEXT_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").replace("\0", "\ufffd")
    return head.decode("utf-8-sig", "replace").replace("\0", "\ufffd")


def _danger(attachment: Attachment, detected: str) -> Danger:
    extension = _extension(attachment.filename)
    if extension in _RUNNING or detected in _PROGRAMS:
        return Danger.PROGRAM
    if extension in _MACROS or b"vbaProject.bin" in attachment.content[:200_000]:
        return Danger.MACROS
    if extension in _PAGES or detected == "text/html" or "html" in attachment.content_type:
        return Danger.PAGE
    return Danger.MISMATCH if _is_mismatch(attachment, extension, detected) else Danger.NONE


def _is_mismatch(attachment: Attachment, extension: str, detected: str) -> bool:
    """Whether name or declared type promise one of the well-known kinds and the bytes are another."""
    declared = attachment.content_type.replace("image/jpg", "image/jpeg")
    promises = {_PROMISED[extension]} if extension in _PROMISED else set()
    if declared in _EXTENSIONS:
        promises.add(declared)
    if not attachment.content or not promises:
        return False
    return promises != {detected}


def _preview(judged: Judged) -> Preview:
    attachment = judged.attachment
    if judged.detected in RASTER:
        return Preview.IMAGE if attachment.size <= PREVIEW_BYTES else Preview.NONE
    if judged.detected or judged.danger or b"\0" in attachment.content[:_HEAD]:
        return Preview.NONE
    is_text = attachment.content_type in (
        "text/plain",
        "text/csv",
        "text/calendar",
        "text/markdown",
    )
    is_text |= attachment.content_type in _TEXT_TYPES
    return Preview.TEXT if is_text or _extension(attachment.filename) in _TEXTS else Preview.NONE


def _extension(filename: str) -> str:
    return filename.rpartition(".")[2].lower().strip() if "." in filename else ""
