"""Finds one-time codes in a message: precision before recall, linear time.

A code counts only near a word that announces one. A later refinement may add languages to
`_ANNOUNCED`; what must stay is that a number without such a word is no code.
"""

import re
from bisect import bisect_left

_TEXT_LENGTH = 20_000
_AT_MOST = 3
_LINK = re.compile(r"<?(?:https?://|mailto:)[^\s<>]*>?|[^\s<>@]{1,64}@[^\s<>@]{1,255}", re.I)
_NOT_ONE_TIME = (
    r"zip|postal|post|area|country|dialing|promo|promotional|promotion|discount|coupon|voucher|gift"
    r"|offer|source|error|status|exit|qr|bar|dress|colou?r|product|item|style|sort|swift|bank|vat"
    r"|tax|referral|invite|booking|reservation|tracking|order|reference|course|building|morse"
)
_ANNOUNCED = re.compile(
    rf"(?<![a-z])(?:(?:{_NOT_ONE_TIME})[ -]?(?P<other>codes?|number|pin)"
    r"|code(?P<also> (?:of conduct|review|base|sample|snippet))"
    r"|passcode|one[- ]time (?:password|pin)|otp|(?:sms|mobile)-?tan|pin(?:[- ]?code)?"
    r"|(?:[a-zäöüß]{3,20})?codes?|kod[eu]?|kód|kodunuz|código|codigo|codice|cod)(?![a-zäöüß])"
    r"|код|κωδικ|رمز|קוד|कोड|ओटीपी|รหัส|mã (?:xác|otp)"
    r"|验证码|驗證碼|校验码|动态码|確認碼|认证码|コード|인증 ?번호|인증 ?코드|보안 ?코드",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"(?<![A-Za-z0-9_/@#&=%+$€£¥-])(?<!\d[.,: ])(?<![$€£¥] )(?<!USD )(?<!EUR )(?<!GBP )(?<!INR )(?<!Rs )"
    r"(?:[A-Z]{1,3}-\d{4,8}|\d{3}[ -]\d{3}|\d{4,8}"
    r"|[A-Z0-9]{3,5}-[A-Z0-9]{3,5}"
    r"|(?=[A-Z]{0,7}\d)(?=\d{0,7}[A-Z])[A-Z0-9]{5,8})"
    r"(?![A-Za-z0-9_@/%&=+]|[-.,:]\w| ?\d| ?(?:%|€|\$|USD|EUR|GBP|px|km|kg|[KMG]B)(?!\w))"
)
_SPLIT = re.compile(r"(\d{3})[ -](\d{3})")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
# What may stand between "code" and a code that follows it at once.
_DIRECT = re.compile(
    r"[\s:\uff1a=*_\"'“”«»「」【】()\uff08\uff09\[\]>-]*+(?:is|ist|es|est|è|é|to|lautet|是|为|為|は)?"
    r"[\s:\uff1a=*_\"'“”«»「」【】()\uff08\uff09\[\]>-]*+",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[!?。\uff01\uff1f\n]|\.\s")


def find_codes(subject: str, text: str) -> tuple[str, ...]:
    """At most three codes, best first: 4 to 8 digits, or letters and digits as in G-123456.

    123 456 and 123-456 come back as 123456, the way they are typed. Reads the first 20,000
    characters of `text`.
    """
    whole = _LINK.sub(" ", f"{subject[:1000]}\n\n{text[:_TEXT_LENGTH]}")
    announced = [found.span() for found in _ANNOUNCED.finditer(whole) if not _other(found)]
    if not announced:
        return ()
    ranked: dict[str, int] = {}
    for found in _CODE.finditer(whole):
        rank = _rank(whole, found, announced)
        code = _SPLIT.sub(r"\1\2", found[0]) if _SPLIT.fullmatch(found[0]) else found[0]
        if rank and rank < ranked.get(code, 9):
            ranked[code] = rank
    best = min(ranked.values(), default=0)
    return tuple(code for code, rank in ranked.items() if rank == best)[:_AT_MOST]


def _other(found: re.Match[str]) -> bool:
    return bool(found["other"] or found["also"])


def _rank(whole: str, code: re.Match[str], announced: list[tuple[int, int]]) -> int:
    """1: right behind the announcing word; 2: in its sentence; 3: alone on a line below; 0: none."""
    index = bisect_left(announced, code.span())
    between = whole[announced[index - 1][1] : code.start()] if index else None
    following = whole[code.end() : announced[index][0]] if index < len(announced) else None
    if between is not None and len(between) <= 40 and _DIRECT.fullmatch(between):
        return 1
    if _YEAR.fullmatch(code[0]) or not _DIGIT.search(code[0]):
        return 0
    if between is not None and len(between) <= 60 and not _SENTENCE_END.search(between):
        return 2
    if following is not None and len(following) <= 45 and not _SENTENCE_END.search(following):
        return 2
    alone = between is not None and len(between) <= 600 and _alone(whole, code)
    return 3 if alone else 0


def _alone(whole: str, code: re.Match[str]) -> bool:
    start = whole.rfind("\n", 0, code.start()) + 1
    end = whole.find("\n", code.end())
    around = whole[start : code.start()] + whole[code.end() : end if end >= 0 else len(whole)]
    return not around.strip(" \t*_.|")
