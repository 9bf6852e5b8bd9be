"""Finds one-time codes in a message: precision before recall, and little time for long texts.

A code counts only near a word that announces one (code_words); a number without one is no code.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from mailboxes.rules import code_words

_SUBJECT_LENGTH = 300
_TEXT_LENGTH = 10_000  # characters: a code stands near the top, terms and addresses below
_AT_MOST = 3
_WORDS_LOOKED_AT = 30
_HITS_LOOKED_AT = 200
_FAR_BEFORE, _FAR_BEHIND = 64, 640  # characters around the word in which its code may stand
_CODE = re.compile(
    r"(?=[A-Z\d])"  # says no to most characters at once
    r"(?<![A-Za-z0-9_/@#&=%+$€£¥?-])(?<!\d[.,: ])(?<![$€£¥] )(?<!USD )(?<!EUR )(?<!GBP )(?<!INR )(?<!Rs )"
    r"(?:[A-Z]{1,3}-\d{4,8}|\d{3}[ -]\d{3}|\d(?: \d){5}|\d(?: \d){3}|\d{4,8}"
    r"|[A-Z0-9]{3,5}-[A-Z0-9]{3,5}"
    r"|(?=[A-Z]{0,7}\d)(?=\d{0,7}[A-Z])[A-Z0-9]{5,8}"
    r"|(?=[A-Z0-9]{0,5}\d)(?=[A-Z0-9]{0,5}[A-Z])[A-Z0-9]{6})"
    r"(?![A-Za-z0-9_@/%&=+]|[-.,:]\w| ?\d| ?(?:%|€|\$|USD|EUR|GBP|px|km|kg|[KMG]B)(?!\w))"
)
_SPLIT = re.compile(r"\d{3}[ -]\d{3}|\d(?: \d)+")
_DIGIT = re.compile(r"\d")
_NO_DIGIT = re.compile(r"\D")
_LETTER = re.compile(r"[A-Z]")
_DATE = re.compile(r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?")
# What may stand between "code" and a code that follows it at once.
_DIRECT = re.compile(
    r"[\s:\uff1a=*_\"'“”«»「」【】()\uff08\uff09\[\]>—–-]*+(?:is|ist|es|est|è|é|to|on|lautet|是|为|為|は)?"
    r"[\s:\uff1a=*_\"'“”«»「」【】()\uff08\uff09\[\]>—–-]*+",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[!?。\uff01\uff1f\n]|\.\s")
_Span = tuple[int, int]


def find_codes(subject: str, text: str) -> tuple[str, ...]:
    """At most three codes, best first: 4 to 8 digits, or letters and digits as in G-123456.

    123 456 and 123-456 come back as 123456, the way they are typed. Reads the first 10,000
    characters of `text`.
    """
    whole = f"{subject[:_SUBJECT_LENGTH]}\n\n{text[:_TEXT_LENGTH]}"
    # The one letter that becomes two in lower case would move everything behind it.
    lowered = whole.replace("\u0130", "I").lower()
    announced = _announced(lowered)
    ranked: dict[str, int] = {}
    for found in _candidates(whole, announced):
        rank = _rank(whole, lowered, found, announced)
        code = _NO_DIGIT.sub("", found[0]) if _SPLIT.fullmatch(found[0]) else found[0]
        if rank and rank < ranked.get(code, 9):
            ranked[code] = rank
    best = min(ranked.values(), default=0)
    return tuple(code for code, rank in ranked.items() if rank == best)[:_AT_MOST]


def _announced(lowered: str) -> list[_Span]:
    """Where the words stand that announce a code, in order."""
    spans = {
        _word(lowered, position)
        for stem in code_words.STEMS
        for position in _positions(lowered, stem)
    }
    spans |= {
        _unspaced(lowered, position)
        for stem in code_words.UNSPACED_STEMS
        for position in _positions(lowered, stem)
    }
    return sorted(span for span in spans if span)[:_WORDS_LOOKED_AT]


def _positions(lowered: str, stem: str) -> Iterator[int]:
    position = lowered.find(stem)
    for _hit in range(_HITS_LOOKED_AT):
        if position < 0:
            return
        yield position
        position = lowered.find(stem, position + len(stem))


def _word_start(lowered: str, position: int) -> int:
    """Where the word begins that goes on at `position`; the hyphen is part of words here."""
    start, first = position, max(0, position - code_words.LONGEST_PREFIX)
    while start > first and (lowered[start - 1].isalnum() or lowered[start - 1] == "-"):
        start -= 1
    return start


def _word(lowered: str, position: int) -> _Span | None:
    start = _word_start(lowered, position)
    return _meant(lowered, code_words.ANNOUNCED.match(lowered, start))


def _unspaced(lowered: str, position: int) -> _Span | None:
    """The word around `position`: nothing else tells where it begins."""
    for found in code_words.UNSPACED.finditer(lowered, max(0, position - 12), position + 24):
        if found.end() > position:
            return _meant(lowered, found)
    return None


def _meant(lowered: str, found: re.Match[str] | None) -> _Span | None:
    """The span of a word unless it is part of a link, or said of another kind of code."""
    if not found or lowered[max(0, found.start() - 1) : found.start()] in set("/?&=@._#%"):
        return None
    before = lowered[max(0, found.start() - 20) : found.start()]
    is_other = code_words.OTHER_BEFORE.search(before) and not found[0].startswith("otp")
    return None if is_other or code_words.OTHER_AFTER.match(lowered, found.end()) else found.span()


def _candidates(whole: str, announced: list[_Span]) -> Iterator[re.Match[str]]:
    """What looks like a code near one of the words; overlapping surroundings are read once."""
    done = 0
    for start, end in announced:
        first = max(done, start - _FAR_BEFORE)
        done = max(done, end + _FAR_BEHIND)
        yield from _CODE.finditer(whole, first, done)


def _rank(whole: str, lowered: str, code: re.Match[str], announced: list[_Span]) -> int:
    """1: right behind the announcing word; 2: in its sentence; 3: alone on a line below; 0: none."""
    index = bisect_left(announced, code.span())
    between = lowered[announced[index - 1][1] : code.start()] if index else None
    if _LETTER.search(code[0]) and _is_offer(lowered, code):
        return 0
    if between is not None and len(between) <= 40 and _DIRECT.fullmatch(between):
        return 1
    if _DATE.fullmatch(code[0]) or not _DIGIT.search(code[0]):
        return 0
    if between is not None and len(between) <= 80 and _leads(between):
        return 2
    if index < len(announced) and _belongs(lowered[code.end() : announced[index][0]]):
        return 2
    if index and code_words.TO_DO.match(lowered, code.end()):
        return 2
    alone = between is not None and len(between) <= 600 and _alone(whole, code)
    return 3 if alone else 0


def _is_offer(lowered: str, code: re.Match[str]) -> bool:
    """Whether the line of a code is about prices: then it is no secret."""
    start = lowered.rfind("\n", max(0, code.start() - 80), code.start()) + 1
    end = lowered.find("\n", code.end(), code.end() + 80)
    line = lowered[max(start, code.start() - 80) : end if end >= 0 else code.end() + 80]
    return bool(code_words.OFFER.search(line))


def _leads(between: str) -> bool:
    """Whether the text between the word and a code behind it leads to the code."""
    if code_words.FOR_WHAT.fullmatch(between):
        return True
    return bool(code_words.CUE_BEFORE.search(between)) and not _SENTENCE_END.search(between)


def _belongs(following: str) -> bool:
    """Whether the text between a code and the word behind it joins them."""
    if len(following) > 45 or _SENTENCE_END.search(following):
        return False
    return bool(code_words.CUE_AFTER.match(following))


def _alone(whole: str, code: re.Match[str]) -> bool:
    start = whole.rfind("\n", 0, code.start()) + 1
    end = whole.find("\n", code.end())
    around = whole[start : code.start()] + whole[code.end() : end if end >= 0 else len(whole)]
    return not around.strip(" \t*_.|")
