"""The question in plain words: answerable in several ways, once, for half an hour."""

import time

import pytest

from mailboxes.gate import captcha, questions
from mailboxes.rules.errors import CaptchaFailed
from tests.captcha import answer


@pytest.fixture(autouse=True)
def _altcha(settings):
    settings.CAPTCHA = "altcha"


@pytest.fixture
def sum_question(monkeypatch):
    monkeypatch.setattr(questions, "_KINDS", (lambda: ("What is five plus seven?", "12"),))
    return questions.ask()


@pytest.mark.parametrize("kind", range(5))
def test_each_kind_of_question_can_be_answered_by_who_reads_it(monkeypatch, kind):
    monkeypatch.setattr(questions, "_KINDS", (questions._KINDS[kind],))
    for _ in range(20):
        question = questions.ask()
        captcha.verify_answer(question.sealed, answer(question.text))


def test_there_are_many_questions():
    assert len({questions.ask().text for _ in range(300)}) > 150


@pytest.mark.parametrize(
    "given", ["12", " 12. ", "twelve", "TWELVE", "Twelve!", "\uff11\uff12", "١٢", "012"]
)
def test_a_number_may_be_written_in_digits_or_as_a_word(sum_question, given):
    captcha.verify_answer(sum_question.sealed, given)


@pytest.mark.parametrize("given", ["", "13", "twelf", "1 2", "1" * 1000, "²", "\x00", "None"])
def test_a_wrong_answer_does_not_pass(sum_question, given):
    with pytest.raises(CaptchaFailed):
        captcha.verify_answer(sum_question.sealed, given)


def test_a_right_answer_passes_once(sum_question):
    captcha.verify_answer(sum_question.sealed, "12")
    with pytest.raises(CaptchaFailed):
        captcha.verify_answer(sum_question.sealed, "12")


def test_after_a_wrong_answer_the_right_one_does_not_pass_either(sum_question):
    for given in ("11", "12"):
        with pytest.raises(CaptchaFailed):
            captcha.verify_answer(sum_question.sealed, given)


def test_an_answer_after_half_an_hour_does_not_pass(sum_question, monkeypatch):
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 1801)
    with pytest.raises(CaptchaFailed):
        captcha.verify_answer(sum_question.sealed, "12")


def test_the_answer_is_not_in_what_the_browser_gets(sum_question):
    assert not {"12", "twelve"} & set(sum_question.sealed.split(":"))
    assert sum_question.sealed != questions.ask().sealed


@pytest.mark.parametrize("sealed", ["", "x", "a:b:c", "\x00"])
def test_a_question_that_nobody_asked_cannot_be_answered(sealed):
    with pytest.raises(CaptchaFailed):
        captcha.verify_answer(sealed, "12")


def test_a_question_outlives_a_change_of_the_secret_key(settings, sum_question):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key"
    captcha.verify_answer(sum_question.sealed, "12")
