"""Redis stopped: no address is given out, politely, and who has one reads on."""

from deploy.local.stack import Stack
from tests.journey.client import new_inbox
from tests.journey.gate import Browser


def test_creation_refuses_and_reading_goes_on(stack: Stack) -> None:
    inbox, browser = new_inbox(stack), Browser(stack)
    form = {**browser.form(), "lifetime": "21600"}
    proof, answer = browser.proof(), browser.answer()
    entered = browser.request("POST", "/open", **form, token=inbox.token)
    stack.servers["redis"].stop()
    try:
        for solution in (proof, answer):
            refused = browser.request("POST", "/create", **form, **solution)
            assert refused.status == 503
            assert "try again in a moment" in refused.text
            assert 'value="21600"' in refused.text
        assert browser.request("GET", "/captcha/challenge").status == 503
        assert browser.request("GET", "/").status == 200
        assert browser.request("GET", entered.headers["location"]).status == 200
        assert browser.request("POST", "/open", **form, token="tmt_" + "A" * 43).status == 422
    finally:
        stack.servers["redis"].start()
    assert browser.request("POST", "/create", **form, **browser.proof()).status == 303
