"""What every refusal of the API has in common."""


def assert_problem(response, status: int, code: str) -> None:  # type: ignore[no-untyped-def]
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert (response.data["status"], response.data["code"]) == (status, code)
    assert response.data["title"]
