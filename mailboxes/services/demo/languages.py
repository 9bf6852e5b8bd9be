"""The demo's mail in many languages, scripts and character sets, and from right to left."""

from mailboxes.services.demo.building import Letter

# Sender's name, address, charset, subject, text. Each text holds a code or a link, as such mail does.
_TEXTS = (
    ("Stadtbücherei", "info@buecherei.example", "utf-8", "Ihr Bestätigungscode", "Guten Tag,\n\nIhr Code lautet 604 118. Er gilt zehn Minuten.\n"),
    ("Café Lumière", "billets@lumiere.example", "iso-8859-1", "Votre réservation pour samedi", "Bonjour,\n\nvotre table pour deux est réservée samedi à 20 h.\nVotre code : 7741\n"),
    ("Correos del Sur", "avisos@correos.example", "windows-1252", "Tu código de verificación", "Hola:\n\nTu código es 558201. ¡No lo compartas con nadie!\n"),
    ("Loja Azul", "ola@lojaazul.example", "utf-8", "Confirme o seu endereço", "Olá,\n\nconfirme o seu endereço: https://lojaazul.example/confirmar/19\n"),
    ("Księgarnia", "kod@ksiegarnia.example", "iso-8859-2", "Twój kod logowania", "Dzień dobry,\n\nTwój kod to 330917.\n"),
    ("Kitapçı", "bilgi@kitapci.example", "iso-8859-9", "Doğrulama kodunuz", "Merhaba,\n\ndoğrulama kodunuz: 815 264\n"),
    ("Βιβλιοθήκη", "info@vivliothiki.example", "iso-8859-7", "Ο κωδικός σας", "Καλημέρα,\n\nο κωδικός σας είναι 290533.\n"),
    ("Почта", "kod@pochta.example", "koi8-r", "Код подтверждения", "Здравствуйте!\n\nВаш код подтверждения: 447 120\n"),
    ("Крамниця", "info@kramnytsia.example", "windows-1251", "Підтвердьте адресу", "Вітаємо!\n\nВаш код: 118 046\n"),
    ("המכולת", "code@makolet.example", "windows-1255", "קוד האימות שלך", "שלום,\n\nקוד האימות שלך הוא 662 091\n"),
    ("مكتبة النور", "info@nour.example", "utf-8", "رمز التحقق الخاص بك", "مرحبا،\n\nرمز التحقق الخاص بك هو 903 415\n"),
    ("हिंदी पत्र", "patr@hindi.example", "utf-8", "आपका सत्यापन कोड", "नमस्ते,\n\nआपका सत्यापन कोड 275 638 है।\n"),
    ("ร้านหนังสือ", "info@rannangsue.example", "utf-8", "รหัสยืนยันของคุณ", "สวัสดี\n\nรหัสยืนยันของคุณคือ 519 770\n"),
    ("Hiệu sách", "ma@hieusach.example", "utf-8", "Mã xác nhận của bạn", "Xin chào,\n\nmã xác nhận của bạn là 384 902\n"),
    ("青空書店", "info@aozora.example", "iso-2022-jp", "認証コードのお知らせ", "こんにちは。\n\n認証コードは 731 846 です。10分間有効です。\n"),
    ("小书店", "info@xiaoshudian.example", "gb18030", "您的验证码", "您好，\n\n您的验证码是 206583，请勿告诉他人。\n"),
    ("書房", "info@shufang.example", "big5", "您的驗證碼", "您好：\n\n您的驗證碼是 948 127。\n"),
    ("책방", "info@chaekbang.example", "euc-kr", "인증번호 안내", "안녕하세요.\n\n인증번호는 157 369 입니다.\n"),
)  # fmt: skip


def letters() -> list[Letter]:
    """One in each language; the older half has been read."""
    count = len(_TEXTS)
    return [
        Letter(11 * (count - place), _message(*text), place < count // 2)
        for place, text in enumerate(_TEXTS)
    ]


def _message(name: str, address: str, charset: str, subject: str, text: str) -> bytes:
    """In bytes of its charset, 8 bits wide, as such mail comes; the header in encoded words (RFC 2047)."""
    head = (
        f"From: {_word(name, charset)} <{address}>\nSubject: {_word(subject, charset)}\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\n"
        f"Content-Transfer-Encoding: {'7bit' if charset.startswith('iso-2022') else '8bit'}\n\n"
    )
    return head.encode("ascii") + text.encode(charset)


def _word(text: str, charset: str) -> str:
    encoded = "".join(f"={byte:02X}" for byte in text.encode(charset))
    return f"=?{charset}?Q?{encoded}?="
