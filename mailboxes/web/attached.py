"""The attachments of a message as its page shows them, each with what speaks against opening it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailboxes.rules import attachments
from mailboxes.rules.attachments import Danger, Judged, Preview
from mailboxes.services.reading import OpenMessage

# Each picture shown has the whole message opened once more.
_SHOWN_FROM_BYTES = 2_000_000
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One attachment: what it is, what to be warned of, and whether its picture is shown at once."""

    judged: Judged
    warning: str
    has_picture: bool

    @property
    def detected(self) -> str:
        """What it is by its bytes, where that is known and not what was declared."""
        same = self.judged.detected == self.judged.attachment.content_type
        return "" if same else self.judged.detected


def rows(opened: OpenMessage) -> list[Row]:
    """Return the attachments in the order of the message."""
    left = _SHOWN if len(opened.raw) <= _SHOWN_FROM_BYTES else 0
    found = []
    for attachment in opened.parsed.attachments:
        judged = attachments.judge(attachment)
        has_picture = left > 0 and judged.preview == Preview.IMAGE
        left -= has_picture
        found.append(Row(judged, _warning(judged.danger), has_picture))
    return found


def _warning(danger: Danger) -> str:
    warnings = {
        Danger.PROGRAM: _("This file is a program, or starts one, when it is opened."),
        Danger.MACROS: _("This document may hold programs (macros) that run when it is opened."),
        Danger.PAGE: _("This file may hold scripts that run when it is opened in a browser."),
        Danger.MISMATCH: _("The content of this file is not what its name or type says."),
    }
    return warnings.get(danger, "")
