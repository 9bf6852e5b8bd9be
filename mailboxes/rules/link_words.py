"""The words that make a link a confirmation, in many languages, all in lower case."""

import re

STEMS = (
    *("verif", "confirm", "activat", "activer", "activa", "validat", "valider", "reset", "magic"),
    *("sign in", "sign-in", "log in", "login", "set your password", "new password", "bestätig"),
    *("zurücksetz", "aktivier", "anmeld", "réinitialis", "restablec", "recuperar", "reimposta"),
    *("conferma", "attiva", "redefinir", "bevestig", "activeer", "opnieuw instel", "potwierd"),
    *("aktywuj", "zresetuj", "doğrula", "onayla", "etkinleştir", "sıfırla", "подтверд", "активир"),
    *("сброс", "підтверд", "активув", "скинути", "επαλήθευ", "επιβεβαί", "επαναφορ", "تأكيد"),
    *("تفعيل", "إعادة تعيين", "אימות", "אשר", "אישור", "איפוס", "सत्यापित", "पुष्टि", "रीसेट"),
    *("ยืนยัน", "รีเซ็ต", "xác minh", "xác nhận", "kích hoạt", "đặt lại", "验证", "驗證", "确认"),
    *(
        "確認",
        "激活",
        "重置",
        "重設",
        "認証",
        "有効化",
        "再設定",
        "ログイン",
        "인증",
        "확인",
        "재설정",
    ),
    *("verifier", "bekräfta", "aktivera", "återställ", "bekræft", "bekreft", "nulstil"),
    *("tilbakestill", "aktiver", "vahvista", "aktivoi", "palauta", "nollaa", "ověř", "ověřit"),
    *("potvrd", "aktivuj", "aktivovat", "obnov", "megerősít", "aktivál", "visszaállít", "confirmă"),
    *("activează", "resetează", "verifică", "ativar", "ative ", "complete your", "complete sign"),
    *("complete registration", "finish sign", "finish regist", "change my password", "approve"),
    *("change your password", "change password", "create password", "choose a new", "abschließen"),
    *("finaliser", "completar", "completa la", "voltooi", "dokończ", "tamamla", "завершит"),
    *("завершить", "登録", "完成", "완료", "slutför", "fullfør", "fuldfør", "dokonč", "befejez"),
)
ACTION = re.compile("|".join(map(re.escape, sorted(set(STEMS), key=len, reverse=True))))
"""What a button of a confirmation says."""

OBJECT = re.compile(
    r"e-?mail|adress|address|account|konto|compte|cuenta|conta|password|passwor|kennwort|passe"
    r"|contraseñ|senha|registr|sign ?up|subscri|identity|login|sign|akkaunt|аккаунт|почт|парол"
    r"|регистрац|пошт|обліков|λογαριασμ|email|κωδικ|حساب|البريد|كلمة|חשבון|דוא|סיסמ|मेल|खाते|खाता"
    r"|पासवर्ड|อีเมล|บัญชี|รหัสผ่าน|tài khoản|mật khẩu|邮箱|郵箱|账户|帳戶|账号|密码|密碼|电子邮件|メール"
    r"|アカウント|パスワード|이메일|계정|비밀번호|hasł|rejestrac|hesab|şifre|e-post|konto|lösenord"
    r"|adgangskode|passord|tili|sähköpost|salasan|účet|účtu|hesl|fiók|jelsz|cont\b|contul|parol"
    r"|device|gerät|wachtwoord|adres|correo|登録|注册|註冊|가입|inscri|rejestr|kayıt|реєстрац"
)
"""What is confirmed: beside a bare action word it tells this from a confirmed order."""

MAGIC = re.compile(
    r"magic link|sign-?in link|log-?in link|one-time link|link (?:below )?to (?:sign|log) in"
    r"|(?:sign|log) in (?:securely |instantly )?(?:with|using|by|without)|anmeldelink|login-?link"
    r"|lien de connexion|enlace de acceso|enlace para iniciar|link di accesso|link de acesso"
    r"|inloglink|link do logowania|giriş bağlantı|ссылк\w{1,2} для входа|посилання для входу"
    r"|登录链接|登入連結|ログインリンク|ログイン用|로그인 링크|link expires|link will expire|link is valid"
    r"|didn.t (?:request|try)|inloggningslänk|kirjautumislink|přihlašovací odkaz"
)
"""What makes a sign-in link one that signs in, and not a shop's way to its front door."""

SIGN_IN = re.compile(
    r"sign ?-?in|log ?-?in|anmelden|einloggen|connect|iniciar sesión|acced|entrar|inloggen|zaloguj"
    r"|giriş|войти|увійти|σύνδεση|登录|登入|ログイン|로그인|logga in|log ind|logg inn|kirjaudu"
    r"|přihlás|bejelentkez|magic"
)

OTHER = re.compile(
    r"unsubscri|abmeld|abbestell|désabonn|désinscri|darse de baja|cancelar suscrip|disiscri"
    r"|cancelar inscri|uitschrijv|afmeld|wypis|abonelikten|отпис|відпис|退订|取消订阅|配信停止|수신거부"
    r"|preferen|privacy|terms|help ?cent|support|contact us|learn more|read more|why did|faq|view in"
    r"|browser|order|booking|purchase|bestellung|commande|pedido|ordine|payment|invoice|appointment"
    r"|delivery|reservation|attendance|rsvp|not me|wasn.t me|not you|didn.t|report|cancel|deny"
    r"|download|follow us|facebook|twitter|instagram|linkedin|shop now|blog|news|subscription settings"
    r"|заказ|zamówien|siparis|sipariş|注文|订单|주문|予約"
)
"""What such a link never says."""

EVIDENCE = re.compile(
    r"verif|confirm|activat|aktiv|valid|token|reset|magic|auth|signin|sign-in|login|log-in|recover"
    r"|optin|opt-in|otp|invite|bestaetig|regist|passwor|/v/|/c/|key=|code=|ticket"
)
"""What the link itself says."""

NEVER = re.compile(
    r"unsubscri|optout|opt-out|/open\b|pixel|beacon|preferences|privacy|terms|support|/help"
    r"|\.(?:png|gif|jpe?g|webp|svg|css|js|ico)(?:\?|$)|facebook\.com|twitter\.com|//x\.com"
    r"|instagram\.com|linkedin\.com|youtube\.com|apps\.apple\.com|play\.google\.com"
)
