"""How well one-time codes are found, judged on messages in many languages."""

from mailboxes.rules import codes
from tests.unit.code_messages import WITH_CODE, WITHOUT_CODE

LANGUAGES = "en de fr es it pt nl pl tr ru uk el ar he hi th vi zh ja ko sv da nb fi cs hu ro"


def test_codes_are_found_in_every_language_and_numbers_are_left_alone() -> None:
    missed, wrong, right = [], [], 0
    for language, subject, text, code in WITH_CODE:
        found = codes.find_codes(subject, text)
        right += code in found
        missed += [] if code in found else [(language, subject, text)]
        wrong += [(other, text) for other in found if other != code]
    for kind, subject, text in WITHOUT_CODE:
        wrong += [(kind, code, text) for code in codes.find_codes(subject, text)]
    precision, recall = right / (right + len(wrong)), right / len(WITH_CODE)
    print(f"precision {precision:.3f}, recall {recall:.3f}", *missed, *wrong, sep="\n")
    assert precision >= 0.98
    assert recall >= 0.9


def test_each_language_is_judged() -> None:
    assert {language for language, *_rest in WITH_CODE} == set(LANGUAGES.split())
    assert len(WITH_CODE) + len(WITHOUT_CODE) >= 120
