"""Problem documents in v1's form."""

import json
from http import HTTPStatus

import pytest

from api.problems import problem_response
from api.v1.errors import response_in_v1_form, v1_error
from shared.core.errors import Fault


def problem(status: HTTPStatus, code: str, faults: list[Fault] | None = None) -> dict[str, object]:
    found: dict[str, object] = json.loads(bytes(problem_response(status, code, "It is so.", faults).body))
    return found


def test_the_message_says_everything():
    faults = [
        Fault(pointer="/A/b", message="Wrong.", suggestion="Write c."),
        Fault(pointer="/D", message="Missing."),
    ]
    document = v1_error(problem(HTTPStatus.UNPROCESSABLE_CONTENT, "invalid_document", faults), "op")
    assert document["Correlation"]["operation"] == "op"
    error = document["Error"]
    assert error["Message"] == "/A/b: Wrong. Write c. /D: Missing."
    assert [each["Target"] for each in error["Details"]] == ["/A/b", "/D"]
    assert (error["Code"], error["Target"], error["InnerError"]["Code"]) == ("UserError", None, "InvalidDocument")


@pytest.mark.parametrize(
    ("status", "code", "answered"),
    [
        (HTTPStatus.UNPROCESSABLE_CONTENT, "UserError", 400),
        (HTTPStatus.NOT_FOUND, "UserError", 404),
        (HTTPStatus.UNAUTHORIZED, "UserError", 401),
        (HTTPStatus.INTERNAL_SERVER_ERROR, "ServiceError", 500),
        (HTTPStatus.SERVICE_UNAVAILABLE, "ServiceError", 503),
    ],
)
def test_statuses(status: HTTPStatus, code: str, answered: int):
    response = response_in_v1_form(problem_response(status, "some_code", "It is so."))
    assert response.status_code == answered
    error = json.loads(bytes(response.body))["Error"]
    assert (error["Code"], error["Message"], error["InnerError"]["Code"]) == (code, "It is so.", "SomeCode")
