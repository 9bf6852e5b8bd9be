"""docs/api.md names what the API has, and nothing else."""

import re
from pathlib import Path

from django.conf import settings

from mailboxes.api import endpoints, problems

TEXT = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()


def test_every_operation_is_named_and_no_other():
    described = endpoints.api.get_openapi_schema()["paths"]
    there = {
        f"{method.upper()} " + re.sub(r"{\w+_id}", "{id}", path)
        for path, operations in described.items()
        for method in operations
        if method != "parameters"
    }
    rows = re.findall(r"^\| `([A-Z`, ]+) (/api/\S+)`", TEXT, re.MULTILINE)
    named = {
        f"{method} {path}" for methods, path in rows for method in re.findall("[A-Z]+", methods)
    }
    assert named == there


def test_every_code_is_named_with_its_status_and_no_other():
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", TEXT, re.MULTILINE)
    named = {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert named == {code: status for code, (status, _title) in problems.CODES.items()}


def test_every_filter_is_named():
    operation = endpoints.api.get_openapi_schema()["paths"]["/api/emails/{address}"]["get"]
    (row,) = (line for line in TEXT.splitlines() if "`GET /api/emails/{address}`" in line)
    names = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    assert {name for name in names if not re.search(rf"`{name}\b", row)} == set()
