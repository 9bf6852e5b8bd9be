"""Confirmation links are found in many languages, and no other link is taken for one."""

import pytest

from mailboxes.rules import links
from tests.unit.link_messages import WITH_LINK, WITHOUT_LINK


def test_confirmation_links_are_found_and_other_links_are_left_alone() -> None:
    missed, wrong, right = [], [], 0
    for language, subject, text, link in WITH_LINK:
        found = links.find_links(subject, text)
        right += link in found
        missed += [] if link in found else [(language, subject, text)]
        wrong += [(other, text) for other in found if other != link]
    for kind, subject, text in WITHOUT_LINK:
        wrong += [(kind, link, text) for link in links.find_links(subject, text)]
    precision, recall = right / (right + len(wrong)), right / len(WITH_LINK)
    print(f"precision {precision:.3f}, recall {recall:.3f}", *missed, *wrong, sep="\n")
    assert precision >= 0.98
    assert recall >= 0.85
    assert len(WITH_LINK) + len(WITHOUT_LINK) >= 50


def test_at_most_three_are_returned_each_once() -> None:
    text = "".join(f"Verify email <https://x.example/verify/{n % 5}>\n" for n in range(40))
    expected = tuple(f"https://x.example/verify/{n}" for n in range(3))
    assert links.find_links("", text) == expected


@pytest.mark.parametrize(
    "unit", ["https://x.example/verify ", "verify <", "://", "<https://", "\n", "a"]
)
def test_long_texts_end(unit: str) -> None:
    assert len(links.find_links("Verify", unit * 200_000)) <= 3


@pytest.mark.parametrize(
    "link",
    [
        "https://bank.example@evil.example/confirm?token=0123456789abcdef",
        "https://bank.example:x@evil.example/confirm?token=0123456789abcdef",
    ],
)
def test_a_link_that_hides_its_host_is_left_alone(link: str) -> None:
    assert links.find_links("", f"Confirm your address <{link}>") == ()


def test_a_link_longer_than_any_real_one_is_left_alone() -> None:
    assert links.find_links("", "Verify email <https://x.example/" + "a" * 5000 + ">") == ()
