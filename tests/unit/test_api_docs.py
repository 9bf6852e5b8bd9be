"""The reference page of the API: all that the description says, for everybody, from this site alone."""

import re

import pytest
from django.test import Client
from django.utils.html import escape

from tests.unit.described import document


@pytest.fixture
def page() -> str:
    """The page."""
    answer = Client().get("/api/docs")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer.content.decode()


def test_every_operation_is_there_with_its_parameters_and_statuses(page: str) -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            section = section_of(page, operation["operationId"])
            assert f">{method.upper()}</code> <code>{path}</code>" in section
            assert escape(operation["summary"]) in section
            for parameter in operation["parameters"]:
                assert f"<code>{parameter['name']}</code>" in section
            for status in operation["responses"]:
                assert f">{status}</code>" in section


def test_every_link_on_it_leads_somewhere(page: str) -> None:
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids
    assert len(ids) == len(re.findall(r'id="([^"]+)"', page))


def test_nothing_comes_from_another_host(page: str) -> None:
    assert not re.findall(r'(?:src|<link rel="stylesheet" href)="(?:https?:)?//', page)


def test_it_needs_no_cookie_and_may_be_kept_for_a_while() -> None:
    answer = Client().get("/api/docs")
    assert not answer.cookies
    assert answer["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_what_describes_the_api_is_only_read(path: str, method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer["Content-Type"] == "application/problem+json"


def section_of(page: str, name: str) -> str:
    """The part of the page on one operation."""
    return page.partition(f'<section class="call" id="{name}"')[2].partition("</section>")[0]
