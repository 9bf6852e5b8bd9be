"""Payloads in what pages show as text: subjects, names of senders, names of files, plain text."""

TURNED = "\u202e\u2066"
TEXTS = (
    "<script>{run}</script>",
    "<img src={url}/a.png onerror={run}>",
    '"><img src={url}/a.png onerror={run}>',
    "'><svg onload={run}>",
    "'\"><iframe srcdoc='<script>{run}</script>'>",
    '" onmouseover={run} autofocus tabindex=0 x="',
    "' autofocus onfocus={run} x='",
    "` onclick={run} `",
    "</title><script>{run}</script>",
    "</textarea></noscript></template></style><script>{run}</script>",
    "--><script>{run}</script><!--",
    "]]><script>{run}</script>",
    "</bdi></p></li></ol><base href={url}/>",
    '</a><a href="javascript:{run}">Delete</a>',
    "&lt;script&gt;{run}&lt;/script&gt;",
    "&#60;img src={url}/a.png onerror={run}&#62;",
    "&quot; onclick={run} &quot;",
    "\\u003cscript\\u003e{run}\\x3c/script\\x3e",
    "%3Cscript%3E{run}%3C/script%3E",
    "{{ 7|add:7 }}{{ request.COOKIES }}{% debug %}{% load x %}{{% csrf_token %}}",
    "${7*7}#{7*7}<%= 7*7 %>{{7*7}}{{constructor.constructor('{run}')()}}[[7*7]]",
    "{{{7*7}}}@{7*7}{php}echo 7*7;{/php}*{7*7}~{7*7}",
    "%s%n%d%(x)s{0}{x!r}%c%99999x",
    TURNED + "fdp.exe" + TURNED,
    "\u202etxt.exe\u2069\u200f\u061c\u2028\u2029\u0085x",
    "\ufeff\u200b\u00ad\u034f\u180e\ufff9\ufffb\U000e0041\U000e007f",
    "Z\u0335\u0321\u0322\u0353" * 60,
    "\x1b[31m\x07\x08\x7f\x9b0m<script>{run}</script>",
    "../../../../etc/passwd",
    "..\\..\\windows\\system32\\cmd.exe",
    "/etc/passwd\x00.png",
    "C:\\autoexec.bat:$DATA",
    "CON.html",
    ".htaccess",
    "a.html;filename=b.exe\"; filename*=UTF-8''c.exe",
    "a.pdf                                                                                  .exe",
    "x\r\nSet-Cookie: stolen=1\r\nX-Injected: 1\r\n\r\n<script>{run}</script>",
    "x\nLocation: {url}/a.html\nContent-Type: text/html",
    "x\u560d\u560aSet-Cookie:stolen=1",
    "%0d%0aX-Injected:1",
    "javascript:{run}",
    'https://{host}/a.html" onclick={run} x="',
    "=cmd|'/c calc'!A1",
    "\uff1cscript\uff1e{run}\uff1c/script\uff1e",
    "A" * 600 + "<script>{run}</script>",
    "\u0130\u017f\u212a<\u017fcript>{run}</\u017fcript>",
)

PLAIN = """
javascript:{run}
JAVASCRIPT://x.example/%0a{run}
https://x.example/"onmouseover="{run}
https://x.example/'onmouseover='{run}
https://x.example/<script>{run}</script>
https://x.example/&quot;onclick=&quot;{run}
https://x.example/\u2028onclick={run}
https://user:secret@{host}/link
https://x.example\\@{host}/link
https://x.example:99999999/\u202egnp.exe
http://[::1]:1/'><img src={url}/a.png>
http://xn--80ak6aa92e.example/ http://\u0430\u0440\u0440\u04cf\u0435.example/
data:text/html,<script>{run}</script> vbscript:x file:///etc/passwd blob:x about:blank
<a href="javascript:{run}">x</a> <img src={url}/a.png> &lt;b&gt; <!-- --> </div></pre></article>
mailto:x@example.org?subject=<script>{run}</script> www.example.org ftp://{host}/a
https://x.example/?a=1&lt=2&copy=3&amp;b=4#"><svg/onload={run}>
"""
