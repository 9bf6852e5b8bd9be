"""The files of nginx, fail2ban and the firewall name each other, and what the site says: both ends are the same."""

import base64
import hashlib
import json
import re
from pathlib import Path

from django.conf import settings

from mailboxes.api import problems
from mailboxes.rules import domain_records

DEPLOY = Path(settings.BASE_DIR) / "deploy"
NGINX = DEPLOY / "nginx"


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def test_problems_of_nginx_are_those_of_the_api():
    for file in sorted((NGINX / "errors").glob("*.json")):
        said = json.loads(file.read_text())
        assert problems.CODES[said["code"]] == (said["status"], said["title"]), file.name
    (in_clear,) = re.findall(r"return 403 '(\{.*\})", read("nginx/tempmail.conf.in"))
    assert json.loads(in_clear)["code"] in problems.CODES


def test_its_pages_may_have_their_style_and_need_nothing_else():
    (allowed,) = re.findall(r"style-src 'sha256-([^']+)'", read("nginx/errors.inc"))
    for page in sorted((NGINX / "errors").glob("*.html")):
        text = page.read_text()
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() == allowed
        assert "prefers-color-scheme: dark" in style
        assert not re.search(r"<script|<link|<img|url\(|@import", text)


def test_what_is_included_is_there_and_every_page_is_shown():
    texts = {
        path.name.removesuffix(".in"): path.read_text()
        for path in NGINX.iterdir()
        if path.is_file()
    }
    everything = "".join(texts.values())
    included = set(re.findall(r"include /etc/nginx/tempmail/(\S+\.inc);", everything))
    assert included == {name for name in texts if name.endswith(".inc")}
    shown = set(re.findall(r"/\.errors/(\S+?);", everything))
    assert shown == {path.name for path in (NGINX / "errors").iterdir()}


def test_each_kind_of_offence_has_its_jail():
    (offences,) = re.findall(
        r"map [^{]*\$offence \{(.*?)\n    \}", read("nginx/nginx.conf"), re.DOTALL
    )
    written = set(re.findall(r'" +([a-z-]+);$', offences, re.MULTILINE))
    assert written == set(
        re.findall(r"tempmail-web\[kind=(\S+)\]", read("fail2ban/jail.d/tempmail.conf"))
    )


def test_each_ban_has_its_sets():
    services = set(
        re.findall(r"tempmail-nft\[service=(\w+)\]", read("fail2ban/jail.d/tempmail.conf"))
    )
    sets = set(re.findall(r"set banned_(\w+)[46] \{", read("nftables/tempmail.nft.in")))
    assert services == sets


def test_every_user_of_ours_is_confined_by_the_firewall():
    users = set(re.findall(r"^u (\S+)", read("systemd/tempmail.sysusers"), re.MULTILINE))
    (confined,) = re.findall(
        r"meta skuid \{(.*?)\} jump", read("nftables/tempmail.nft.in"), re.DOTALL
    )
    assert users <= set(re.findall(r'"(\S+?)"', confined))


def test_the_policy_of_mta_sts_is_the_one_that_the_domain_doctor_shows():
    policy = read("nginx/mta-sts.txt.in").replace("@MX_HOST@", "mx.mail.test").strip()
    assert policy in domain_records.sts("mail.test", "mx.mail.test", "1")


def test_the_logs_in_memory_are_emptied():
    service = read("systemd/tempmail-edge-log.service")
    (directory,) = re.findall(r"^ReadWritePaths=-(\S+)$", service, re.MULTILINE)
    texts = read("nginx/nginx.conf") + read("fail2ban/fail2ban.d/tempmail.conf")
    logs = re.findall(r"(?:error_log|access_log|logtarget =) (/run/\S+)", texts)
    assert len(logs) == 3
    assert all(log.startswith(f"{directory}/") and log.endswith(".log") for log in logs)
