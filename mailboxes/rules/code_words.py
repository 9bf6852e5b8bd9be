"""The words that announce a one-time code, in many languages, and those that make it something else.

All of it is in lower case and is looked for in text in lower case.
"""

import re

STEMS = (
    *(
        "cod",
        "kod",
        "kood",
        "kód",
        "cód",
        "otp",
        "pin ",
        "pin:",
        "pin\n",
        "-tan",
        "smstan",
        "mobiletan",
        "token",
        "clave",
        "senha ",
        "one-time",
    ),
    *("one time", "onetime", "einmal", "usage unique", "solo uso", "uso único", "uso unico"),
    *("monouso", "eenmal", "jednoraz", "jednoráz", "tek kullan", "engångs", "engangs", "kertakäyt"),
    *("egyszer", "unică", "код", "пароль", "κωδικ", "رمز", "كود", "קוד", "פעמי", "कोड", "ओटीपी"),
)
"""Found by plain search, which is why they come before the pattern: texts are long, these are rare."""

UNSPACED_STEMS = (
    *("mã ", "รหัส", "码", "碼", "口令", "コード", "番号", "パスワード", "번호", "코드", "암호"),
)

_WHAT_FOR = (
    "verif|veref|bestätig|bevestig|bekräft|bekræft|bekreft|confirm|sicher|säker|sikker|beveilig"
    "|anmelde|zugang|zugriff|einmal|log-?in|inlog|innlog|freischalt|a[kc]tiv|auth|engång|engang"
    "|eenmal|vahvist|kertak|turva|tunnist|kirjaut|varmen|pass|prüf|zahlen|kontroll|controle|sms"
    "|pin|tan|access|security|otp|2fa|mfa|e-?mail|one-time|onetime|sign-in|backup|zwei|device"
)
_LATIN = (
    rf"(?:(?:{_WHAT_FOR})[^\W\d_]{{0,14}}-?)?"
    r"(?:codes?|cod(?:ul|ului|ice|igo)?|código|kod(?:u|em|en|e)?|kodun(?:u|uz|uzu)?"
    r"|koodi[^\W\d_]{0,5}|kód[^\W\d_]{0,5})"
)
_PASSWORDS = (
    r"one[- ]?time[- ](?:use )?(?:password|passcode|pin|code)|otps?"
    r"|(?:[^\W\d_]{2,12}-)?pin|(?:sms|mobile|push|chip)-?tan"
    r"|senha (?:temporária|de uso único|de acesso|provisória)"
    r"|(?:(?<=security )|(?<=login )|(?<=access )|(?<=verification ))token|token de (?:acesso|acceso)"
    r"|einmal(?:passwort|kennwort)|(?:usage unique|solo uso|monouso|uso único|uso unico)"
    r"|clave (?:de acceso|dinámica|temporal)(?: temporal)?|eenmalige? wachtwoord"
    r"|jednorazowe hasło|jednorazowe|jednorázov\w{1,3} heslo|tek kullanımlık (?:şifre|parola)\w{0,5}"
    r"|engångslösenord|eng[aå]ngs(?:passord|adgangskode)|kertakäyttöinen (?:salasana|koodi)\w{0,4}"
    r"|egyszer használatos (?:jelszó|kód)\w{0,4}|unică folosință"
)
_OTHER_SCRIPTS = (
    r"код(?:а|у|ом|и)?|пароль|κωδικ(?:ός|ό|ού)|(?:ال|ل)?(?:رمز|كود)|[הבלו]?קוד"
    r"|[\u05d0-\u05ea-]{0,6}פעמית?|ओटीपी|कोड"
)
_WORD = rf"(?:{_LATIN}|{_PASSWORDS}|{_OTHER_SCRIPTS})(?![^\W_]|-[^\W\d_])"
# Scripts that are written without spaces: the words are told by what stands before them.
_UNSPACED = (
    r"รหัส(?:ผ่านแบบใช้ครั้งเดียว)?|mã (?:xác (?:minh|nhận|thực)|otp|đăng nhập|bảo mật|kích hoạt|pin)"
    r"|(?:验证|驗證|校验|校驗|动态|動態|确认|確認|认证|認證|安全|登录|登入|登錄|激活|一次性|识别)"
    r"(?:代?码|代?碼|密码|密碼|口令)"
    r"|(?:認証|確認|検証|承認|セキュリティ|ログイン|パス|ワンタイム)(?:コード|番号|パスワード)"
    r"|(?<![ァ-ヶー一-龥])コード"
    r"|(?:인증|보안|확인|로그인|일회용|일회성|검증) ?(?:번호|코드|비밀번호|암호)"
)
ANNOUNCED = re.compile(_WORD)
UNSPACED = re.compile(_UNSPACED)
LONGEST_PREFIX = 24
"""How far before a stem the word that it belongs to may begin."""

OTHER_BEFORE = re.compile(
    r"(?:zip|postal|post|area|country|dialing|promo|promotional|promotion|discount|coupon|voucher"
    r"|gift(?: card)?|offer|source|error|status|exit|qr|bar|dress|colou?r|product|item|style|sort"
    r"|swift|bank|vat|tax|referral|invite|booking|reservation|tracking|order|reference|course"
    r"|building|morse|visual|cheat|posta|indirim|kupon|promosyon|ürün|slevový|slevového|почтовый"
    r"|поштовий|εκπτωτικός|ταχυδρομικός|पिन|प्रोमो|कूपन|डिस्काउंट|쿠폰|할인)[ -]?$"
)
OTHER_AFTER = re.compile(
    r"\s?(?:of conduct|review|base\b|sample|snippet|workshop|article|produit|barre|promo|postal"
    r"|de (?:descuento|desconto|réduction|réservation|reserva|barra|producto|reducere|produs)"
    r"|fuente|fonte|sorgente|source"
    r"|fiscal|sconto|prodotto|di avviamento|rabatow|promocyjn|pocztow|produktu|poștal|number"
    r"|купона|товара|города|страны|скидки|заказа|έκπτωσης|προϊόντος"
    r"|الخصم|خصم|البريدي|بريدي|المنتج|קופון|הנחה|מוצר|ไปรษณีย์|ส่วนลด|สินค้า|พัสดุ|คูปอง)"
)

_COPULAS = (
    r"is|ist|lautet|lauten|est(?: le)?|es|è|é|to|jest|är|er|je|is de volgende|este|είναι|هو|הוא"
    r"|היא|है|là"
)
_UNSPACED_COPULAS = r"คือ|是|为|為|は|が|는|은"
CUE_BEFORE = re.compile(
    rf"(?:[:=—–\uff1a「【\[(]|(?<![^\W_])(?:{_COPULAS})|{_UNSPACED_COPULAS})[\s\"'“*_]*+$"
)
"""What the text before a code ends with when it leads to that code."""

FOR_WHAT = re.compile(
    r" (?:de|di|do|da|du|d'|for|der|voor|per|para|для) ?[^\W\d_]{3,20}(?: [^\W\d_]{3,20})? $"
)
"""What a code is for, when that is all that stands between the word and the code."""

OFFER = re.compile(
    r"% ?(?:off|rabatt|korting|de d|di sconto|скид)|\bcheckout|\bdiscount|\bcoupon|\bvoucher|\boff\b"
    r"|скидк|знижк|indirim|gutschein|réduction|descuento|desconto|sconto"
)
"""What stands around a code with letters that is one for everybody."""

CUE_AFTER = re.compile(
    rf"\s*[\"'”*_]*\s*(?:(?:{_COPULAS}|{_UNSPACED_COPULAS}|as|als|comme|como|come)\b|$)"
)
"""What the text between a code and the word for it begins with."""

TO_DO = re.compile(r" to (?:verify|confirm|sign in|log in|continue|complete|reset|activate)\b")
