"""Templates of a server's configuration: every placeholder gets its value, and no value is more than a word."""

from pathlib import Path

import pytest

from deploy.server import rendering


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "site.conf.in"
    path.write_text("server_name @SITE_HOST@ mta-sts.@MAIL_DOMAIN@; # a@b.c @not@\n")
    return path


def test_each_placeholder_is_replaced_and_nothing_else(template: Path) -> None:
    values = {"SITE_HOST": "mail.example", "MAIL_DOMAIN": "x.example", "UNUSED": "y"}
    text = rendering.render(template, values)
    assert text == "server_name mail.example mta-sts.x.example; # a@b.c @not@\n"


def test_a_placeholder_without_a_value_is_an_error(template: Path) -> None:
    with pytest.raises(ValueError, match="MAIL_DOMAIN"):
        rendering.render(template, {"SITE_HOST": "mail.example"})


@pytest.mark.parametrize("value", ["a;b", "a\nb", "$host", "a{", '"', "@SITE_HOST@", "a\\b", "a#b"])
def test_a_value_that_is_more_than_a_word_is_an_error(template: Path, value: str) -> None:
    with pytest.raises(ValueError, match="MAIL_DOMAIN"):
        rendering.render(template, {"SITE_HOST": "mail.example", "MAIL_DOMAIN": value})
