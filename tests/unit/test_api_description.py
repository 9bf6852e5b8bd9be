"""The description of the API: valid, complete, and with examples that are what they are examples of."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from mailboxes.api import problems
from mailboxes.api.description import operations
from tests.unit.described import assert_described, document, faults_of, followed

OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for methods in document()["paths"].values()
    for operation in methods.values()
}


@pytest.fixture(params=OPERATIONS)
def operation(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each operation."""
    return OPERATIONS[request.param]


def test_it_is_valid_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []


def test_clients_get_it(client: Client) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.json() == document()
    assert answer["Cache-Control"] == "public, max-age=300"


def test_each_operation_is_told_of_in_words() -> None:
    assert set(operations.OPERATIONS) == set(OPERATIONS)


def test_an_operation_has_all_that_a_reader_needs(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= {each["name"] for each in document()["tags"]}
    for parameter in operation["parameters"]:
        assert parameter["description"], parameter["name"]


def test_an_operation_says_what_opens_it(operation: dict[str, Any]) -> None:
    known = set(document()["components"]["securitySchemes"])
    assert known == {"ApiKey", "MailboxToken"}
    for scheme in operation.get("security", []):
        assert set(scheme) <= known
    is_open = operation["operationId"] in {"captcha", "list_domains"}
    assert is_open is ("security" not in operation)
    assert ("401" in operation["responses"]) is not is_open


def test_an_operation_says_in_what_ways_it_can_fail(operation: dict[str, Any]) -> None:
    always = {"400", "429", "500", "503"} | ({"413"} if "requestBody" in operation else set())
    assert always <= set(operation["responses"])
    for status, response in failures(operation):
        (media,) = response["content"]
        assert media == "application/problem+json"
        assert "X-Request-ID" in response["headers"]
        for example in response["content"][media]["examples"].values():
            code = example["value"]["code"]
            assert problems.CODES[code] == (int(status), example["value"]["title"])


def test_every_code_is_told_of_where_it_can_be_met() -> None:
    told = {
        code
        for operation in OPERATIONS.values()
        for _, response in failures(operation)
        for code in response["content"]["application/problem+json"]["examples"]
    }
    # by no operation: another method or path, what services say of what the schemas forbid already
    elsewhere = {"method_not_allowed", "forbidden", "invalid_address", "lifetime_out_of_bounds"}
    assert set(problems.CODES) - told == elsewhere


def test_bounds_are_told() -> None:
    schemas = document()["components"]["schemas"]
    (lifetime, _null) = schemas["GenerateIn"]["properties"]["expires_in"]["anyOf"]
    for schema in (lifetime, schemas["ExtendIn"]["properties"]["expires_in"]):
        assert (schema["minimum"], schema["maximum"]) == (600, 172_800)
    bounds = {
        each["name"]: (each["schema"].get("minimum"), each["schema"].get("maximum"))
        for each in OPERATIONS["list_emails"]["parameters"]
    }
    assert (bounds["limit"], bounds["wait"]) == ((1, 100), (0, 55))


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("401", {"WWW-Authenticate"}),
        ("429", {"Retry-After", "RateLimit", "RateLimit-Policy"}),
        ("503", {"Retry-After"}),
    ],
)
def test_a_failure_has_its_header_fields(status: str, fields: set[str]) -> None:
    for operation in OPERATIONS.values():
        if status in operation["responses"]:
            assert fields <= set(followed(operation["responses"][status])["headers"])


def test_examples_are_what_their_schemas_allow(operation: dict[str, Any]) -> None:
    bodies = [operation.get("requestBody", {}), *map(followed, operation["responses"].values())]
    for body in bodies:
        for media, content in body.get("content", {}).items():
            assert "examples" in content or "json" not in media
            for name, example in content.get("examples", {}).items():
                if "json" in media:
                    assert faults_of(content["schema"], example["value"]) == [], name
    for parameter in operation["parameters"]:
        if "example" in parameter:
            assert faults_of(parameter["schema"], parameter["example"]) == [], parameter["name"]


def test_the_call_that_webhooks_get_is_described_with_an_example() -> None:
    content = document()["webhooks"]["messageReceived"]["post"]["requestBody"]["content"]
    (body,) = content.values()
    assert faults_of(body["schema"], body["examples"]["usual"]["value"]) == []


def test_links_lead_to_operations_and_their_parameters(operation: dict[str, Any]) -> None:
    for response in map(followed, operation["responses"].values()):
        for link in response.get("links", {}).values():
            target = OPERATIONS[link["operationId"]]
            assert set(link["parameters"]) <= {each["name"] for each in target["parameters"]}


def failures(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The answers of an operation that are problems, by their statuses."""
    for status, response in operation["responses"].items():
        if status >= "400":
            yield status, followed(response)


def test_the_check_that_holds_every_answer_of_the_tests_against_it_finds_faults() -> None:
    headers = {"ETag": '"x"'}
    for wrong in (
        JsonResponse({}, status=418, headers=headers),
        JsonResponse({"items": 1}, headers=headers),
        HttpResponse("[]", content_type="text/plain", headers=headers),
    ):
        with pytest.raises(AssertionError):
            assert_described("GET", "/api/emails/me?limit=1", wrong)
    no_challenge = JsonResponse({}, status=401, content_type="application/problem+json")
    with pytest.raises(AssertionError, match="WWW-Authenticate"):
        assert_described("GET", "/api/emails/me", no_challenge)
