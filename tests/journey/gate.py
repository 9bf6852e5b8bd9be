"""A browser at the gate of a running instance: cookies, forms and redirects, by HTTP alone."""

import html
import http.client
import re
import urllib.parse
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from tests import captcha
from tests.journey.client import DEADLINE, Answer

_QUESTION = re.compile(r'for="captcha_answer">([^<]+)<')
_SEALED = re.compile(r'name="captcha_question" value="([^"]+)"')
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Browser:
    """Keeps cookies; connects from an address of its own, so that its limits are its own too."""

    stack: Stack
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, **form: str) -> Answer:
        """Send one request; follow nothing."""
        body = urllib.parse.urlencode(form)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, **self.headers}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.stack.http_port, DEADLINE, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for value in response.headers.get_all("Set-Cookie") or []:
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def form(self) -> dict[str, str]:
        """Open the home page; return what its form holds without a solution."""
        return {"csrfmiddlewaretoken": self._found(_CSRF), "lifetime": "600"}

    def proof(self) -> dict[str, str]:
        """Do the work that the instance asks for."""
        return {"captcha": captcha.solve(self.request("GET", "/captcha/challenge").data)}

    def answer(self) -> dict[str, str]:
        """Answer the question of the home page."""
        page = self.request("GET", "/").text
        text, sealed = (html.unescape(_match(each, page)) for each in (_QUESTION, _SEALED))
        return {"captcha_question": sealed, "captcha_answer": captcha.answer(text)}

    def _found(self, pattern: re.Pattern[str]) -> str:
        return html.unescape(_match(pattern, self.request("GET", "/").text))


def _match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    assert found, f"nothing like {pattern.pattern} on the page"
    return found[1]
