"""A one-time code is found where one is announced, and nothing else is taken for one."""

import pytest

from mailboxes.rules import codes


@pytest.mark.parametrize(
    ("subject", "text", "code"),
    [
        ("Your code", "123456", "123456"),
        ("", "Your verification code is 482913.", "482913"),
        ("", "482913 is your Example code", "482913"),
        ("482913 is your code", "482913", "482913"),
        ("G-123456 is your Example verification code", "", "G-123456"),
        ("", "Ihr Bestätigungscode lautet: 9281", "9281"),
        ("", "Ihr Sicherheitscode: 0042", "0042"),
        ("", "您的验证码为\uff1a827364\uff0c5分钟内有效", "827364"),
        ("", "【X】验证码827364", "827364"),
        ("", "Tu código es 5521", "5521"),
        ("", "Seu código de verificação: 998877", "998877"),
        ("", "Votre code de vérification est 662 991", "662991"),
        ("", "Il tuo codice è 12345", "12345"),
        ("", "Ваш код: 1234", "1234"),
        ("", "認証コード\uff1a556677", "556677"),
        ("", "인증번호 [123456]", "123456"),
        ("", "Twój kod to 4711", "4711"),
        ("", "Confirmation code: XKC-9PQ", "XKC-9PQ"),
        ("", "Code: WDJB-MJHT", "WDJB-MJHT"),
        ("", "Your code is: A1B2C3", "A1B2C3"),
        ("", "Code: 2024", "2024"),
        ("OTP", "Dear customer, 8842 is the OTP for your payment of USD 5000 at 12:30", "8842"),
        ("Log in", "Enter this code to sign in:\n\n   774 120\n\nExpires in 10 minutes", "774120"),
        ("Sign-in code", "Hi Bob,\n\nuse this one:\n\n*483920*\n\n© 2024 Example", "483920"),
    ],
)
def test_a_code_is_found(subject: str, text: str, code: str) -> None:
    assert codes.find_codes(subject, text) == (code,)


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 20241234: total 12345 due 2024-11-20. ZIP code 94103",
        "Use promo code 20OFF50 or discount code SAVE2024 for 1234 items",
        "Order number 12345678 shipped. Tracking code 99887766",
        "© 2024 Company, 1234 Main St, code of conduct",
        "The error code 50012 occurred",
        "Call 555 123 4567 with your code",
        "We review source code 1000 times",
        "Your code expires soon. Our office: 90210 Beverly",
        "Your code is in the app. In 2024 we had 15000 users",
        "Open https://x.org/code/123456 to go on",
        "Write to code123456@example.com",
        "123456",
        "",
    ],
)
def test_a_number_that_is_no_code_is_left_alone(text: str) -> None:
    assert codes.find_codes("Newsletter 2024", text) == ()


def test_a_code_said_twice_is_one_code() -> None:
    assert codes.find_codes("Code 4711", "Your code is 4711.\n\n4711") == ("4711",)


def test_at_most_three_codes_are_returned() -> None:
    text = "\n".join(f"backup code: {number}" for number in range(100000, 100010))
    assert codes.find_codes("", text) == ("100000", "100001", "100002")


@pytest.mark.parametrize("unit", ["code ", "1234 ", "A1", "a@", "code 1234 ", "http://", " \n"])
def test_long_texts_end(unit: str) -> None:
    assert len(codes.find_codes("", unit * 500_000)) <= 3
