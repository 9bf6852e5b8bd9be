"""compat32's tree of a message by slicing, at a fraction of the cost: the standard library's parser looks at each line.

Where structure is regular, which it nearly always is: header blocks of nothing but fields (RFC 5322 2.2) that end with
a blank line, multiparts (RFC 2046 5.1) that are opened and closed, no message in the message. All else is the parser's.
"""

import email
import re
from collections.abc import Iterator
from email.message import Message

# No possessive groups: before Python 3.11.5 one that fails half way keeps what it has read.
_HEADER_BLOCK = re.compile(r"(?:[!-9;-~]++:[^\r\n]*+\r?\n(?:[ \t][^\r\n]*+\r?\n)*)*\r?\n")
_FIELD = re.compile(r"([!-9;-~]++):[ \t]*+([^\r\n]*+(?:\r?\n[ \t][^\r\n]*+)*)")
_DELIMITER_TAIL = re.compile(r"(--)?[ \t]*+(?:\r?\n|\Z)")


class _IrregularError(Exception):
    """This message is left to the parser."""


def tree(raw: bytes) -> Message:
    """Return the tree that email.message_from_bytes returns, but for its list of defects."""
    try:
        return _Slicer(raw.decode("ascii", "surrogateescape")).whole()
    except _IrregularError:
        return email.message_from_bytes(raw)


class _Slicer:
    """Positions are those in the text; a part ends where the line of the delimiter behind it begins."""

    def __init__(self, text: str) -> None:
        self._text = text

    def whole(self) -> Message:
        if self._text.count("\r") != self._text.count("\r\n"):
            raise _IrregularError  # for the parser it ends a line, too
        return self._entity(0, len(self._text), is_part=False)

    def _entity(self, start: int, end: int, is_part: bool) -> Message:
        block = _HEADER_BLOCK.match(self._text, start, end)
        if not block:
            raise _IrregularError
        message = Message()
        for name, value in _FIELD.findall(self._text, start, block.end()):
            message.set_raw(name, value)
        kind = message.get_content_type()
        if kind.startswith("message/") or kind == "multipart/digest":
            raise _IrregularError
        if kind.startswith("multipart/"):
            self._multipart(message, block.end(), end, is_part)
        else:
            last = self._before_line_end(block.end(), end) if is_part else end
            message.set_payload(self._text[block.end() : last])
        return message

    def _multipart(self, message: Message, start: int, end: int, is_part: bool) -> None:
        boundary = message.get_boundary()
        if not boundary:
            raise _IrregularError
        part = 0
        for line, behind, is_last in self._delimiters(f"--{boundary}", start, end):
            if part:
                message.attach(self._entity(part, line, is_part=True))
            elif is_last:
                raise _IrregularError
            elif line > start:
                message.preamble = self._text[start : self._before_line_end(start, line)]
            if is_last:
                last = self._before_line_end(behind, end) if is_part else end
                message.epilogue = None if is_part and behind == end else self._text[behind:last]
                return
            part = behind
        raise _IrregularError

    def _delimiters(self, delimiter: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """Where each delimiter's line begins, where the next line does, and whether it is the last."""
        at = self._text.find(f"\n{delimiter}", start - 1, end)  # headers end with a line's end
        while at >= 0:
            behind = at + 1 + len(delimiter)
            if tail := _DELIMITER_TAIL.match(self._text, behind, end):
                yield at + 1, tail.end(), bool(tail[1])
                behind = tail.end() - 1
            at = self._text.find(f"\n{delimiter}", behind, end)

    def _before_line_end(self, start: int, end: int) -> int:
        """Without the line end that belongs to the delimiter (RFC 2046 5.1.1)."""
        if self._text.endswith("\r\n", start, end):
            return end - 2
        return end - 1 if self._text.endswith("\n", start, end) else end
