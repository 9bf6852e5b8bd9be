"""The mail in the screenshots: invented senders, real shapes."""

CODE = """From: "Orchard" <no-reply@orchard.example>
Subject: 482 913 is your sign-in code
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<div style="max-width:520px;margin:0 auto;padding:32px 24px;font-family:Helvetica,Arial,sans-serif;color:#1f2a24">
<p style="font-size:20px;font-weight:700;color:#2f6f4f">Orchard</p>
<p style="font-size:16px">Hello, use this code to sign in. It is good for ten minutes.</p>
<p style="font-size:36px;font-weight:700;letter-spacing:6px;background:#f0f5f1;padding:18px 0;text-align:center">
482 913</p>
<p style="font-size:14px;color:#5c6b63">If that was not you, ignore this mail: nobody gets in without the code.</p>
<img src="https://track.orchard.example/open.gif" width="1" height="1" alt="">
</div>
"""

CONFIRM = """From: Fjordline <hello@fjordline.example>
Subject: Please confirm your e-mail address
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Welcome aboard. One more step:</p>
<p><a href="https://fjordline.example/confirm/5b1c">Confirm my e-mail address</a></p>
"""

NEWSLETTER = """From: The Slow Kitchen <letters@slowkitchen.example>
Subject: Seven soups for cold evenings
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<h1>Seven soups</h1><p>Leek and potato, the one with the lemon, and five that need only what is in the house.</p>
<img src="https://img.slowkitchen.example/soup.jpg"><img src="https://img.slowkitchen.example/bread.jpg">
<img src="https://stats.slowkitchen.example/pixel.gif" width="1" height="1">
"""

TICKET = """From: =?utf-8?q?Caf=C3=A9_Lumi=C3=A8re?= <billets@lumiere.example>
Subject: =?utf-8?q?Votre_r=C3=A9servation_pour_samedi?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Bonjour, votre table pour deux est prête samedi à 20 h. Le plan est joint.
--b
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQKJSVFT0YK
--b--
"""

BUILD = """From: CI <ci@builds.example>
Subject: [main] build 1184 passed

All 1,204 tests passed in 6 min 12 s.
"""

IN_ORDER = (BUILD, TICKET, NEWSLETTER, CONFIRM, CODE)  # the last is the newest
