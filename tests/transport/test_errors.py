"""What an error tells the client and the log, and what it never does."""

import logging
import re
from typing import Any

import pytest

from domain.messages import tell
from tests.transport.sample import SECRET, sample_app
from tests.transport.test_transport import ask, code, send
from transport.negotiation import GRAPHQL_RESPONSE

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_a_defect_is_logged_once_and_masked(caplog: pytest.LogCaptureFixture) -> None:
    """The client gets a request id; the log gets class and frames under it, and neither the message's text."""
    with caplog.at_level(logging.DEBUG):
        response = ask("{ broken }")
    error = response.json()["errors"][0]
    request_id = response.headers["x-request-id"]
    assert response.json()["data"] == {"broken": None}
    assert error["extensions"] == {"code": "INTERNAL", "requestId": request_id}
    assert error["message"].startswith("Internal error")
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.name for record in records] == ["registry_api"]
    assert request_id in caplog.text
    assert "in broken" in caplog.text
    assert "builtins.ValueError" in caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in response.text


def test_a_defect_outside_resolvers_is_masked_too(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the context is a 500 with the same form."""

    def broken(*_args: Any) -> None:
        raise KeyError(SECRET)

    response = ask("{ actor }", app=sample_app(context_factory=broken))
    assert (response.status_code, code(response)) == (500, "INTERNAL")
    assert SECRET not in response.text + caplog.text
    assert len(caplog.records) == 1


def test_a_refusal_passes_word_for_word() -> None:
    """ApiError reaches the client with its code and further extensions, and the field's path."""
    error = ask("{ refused }").json()["errors"][0]
    assert error["message"] == str(tell("page.cursor"))
    assert error["extensions"] == {"code": "INVALID_CURSOR", "day": "Monday"}
    assert error["path"] == ["refused"]


CHECK = "query Q($c: Certificate!, $on: Date) { check(certificate: $c, on: $on) }"


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"c": {"number": "1", "year": SECRET}}, ["'$c.year'", "'Int!'"]),
        ({"c": {"number": SECRET}}, ["'$c'", "'Certificate'", "`year`"]),
        ({"c": {"number": SECRET, "year": 1, SECRET: 1}}, ["'$c'", "number, year, grades"]),
        ({"c": {"number": SECRET, "year": 1, "grades": [1, SECRET]}}, ["'$c.grades[1]'", "'Int!'"]),
        ({"c": SECRET}, ["'$c'", "'Certificate!'"]),
        ({"c": None}, ["'$c'", "'Certificate!'"]),
        ({}, ["'$c'", "'Certificate!'"]),
        ({"c": {"number": "1", "year": 1}, "on": SECRET}, ["'$on'", "'Date'"]),
    ],
)
def test_a_bad_variable_is_named_without_its_value(
    variables: dict[str, Any], parts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The path and the expected type are told in one sentence; what was sent appears nowhere."""
    response = ask(CHECK, variables=variables)
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")
    message = response.json()["errors"][0]["message"]
    assert all(part in message for part in parts), message
    assert SECRET not in response.text + caplog.text


@pytest.mark.parametrize(
    "document",
    [
        f"{{ length(text: {SECRET}) }}",
        f'{{ length(count: "{SECRET}") }}',
        f'{{ check(certificate: {{number: "{SECRET}"}}) }}',
        f'{{ check(certificate: {{number: "1", year: 1}}, on: "{SECRET}") }}',
        f'{{ check("{SECRET}") }}',
    ],
)
def test_a_bad_literal_is_not_repeated(document: str, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody who writes values into the document gets the same discretion."""
    response = ask(document)
    assert response.status_code == 400
    assert SECRET not in response.text + caplog.text


def test_null_for_an_argument_with_a_default_is_the_clients_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A nullable variable may stand where a default is; null in it is found at run time and is no defect."""
    response = ask("query Q($n: Int = 1) { length(count: $n) }", variables={"n": None})
    assert code(response) == "BAD_USER_INPUT"
    assert not caplog.records


@pytest.mark.parametrize(
    ("path", "request_", "named"),
    [
        ("/nowhere", {}, "NOT_FOUND"),
        ("/graphql/explorer/nothing.js", {"method": "GET"}, "NOT_FOUND"),
        ("/graphql", {"method": "DELETE"}, "METHOD_NOT_ALLOWED"),
        ("/healthz", {"method": "PUT"}, "METHOD_NOT_ALLOWED"),
        ("/graphql", {"headers": {"Accept": "image/png"}}, "NOT_ACCEPTABLE"),
        ("/graphql", {"content": b"x"}, "UNSUPPORTED_MEDIA_TYPE"),
        ("/graphql", {"json": [1]}, "BATCHING_REFUSED"),
        ("/graphql", {"json": 1}, "BAD_REQUEST"),
        ("/graphql", {"json": {"query": ""}}, "BAD_REQUEST"),
        ("/graphql", {"json": {"query": "{"}}, "GRAPHQL_PARSE_FAILED"),
        ("/graphql", {"json": {"query": "{ nothing }"}}, "GRAPHQL_VALIDATION_FAILED"),
        ("/graphql", {"json": {"query": CHECK, "variables": {"c": {}}}}, "BAD_USER_INPUT"),
        ("/graphql", {"json": {"query": "{ actor }", "variables": {"x": "a" * 200_000}}}, "LIMIT_STRING"),
        ("/graphql", {"json": {"query": "{ actor }", "variables": {"x": "\0"}}}, "BAD_USER_INPUT"),
        ("/graphql", {"json": {"query": "{ " + "a " * 3000 + "}"}}, "LIMIT_TOKENS"),
        ("/graphql", {"json": {"query": "query A { actor } query B { actor }"}}, "OPERATION_RESOLUTION_FAILURE"),
        ("/graphql", {"json": {"query": "{ refused }"}}, "INVALID_CURSOR"),
        ("/graphql", {"json": {"query": "{ broken }"}}, "INTERNAL"),
        ("/graphql", {"json": {"query": "{ actor }"}, "headers": {"Authorization": "Bearer bad"}}, "UNAUTHENTICATED"),
    ],
)
def test_every_door_speaks_the_language_that_is_asked_for(path: str, request_: dict[str, Any], named: str) -> None:
    """Before GraphQL and within it: Chinese where it is accepted, English otherwise, and the answer says which it is."""
    for languages, chinese in (("zh-CN", True), ("en", False)):
        headers = {"Accept": GRAPHQL_RESPONSE, **request_.get("headers", {}), "Accept-Language": languages}
        response = send(**{"method": "POST", "path": path, **request_, "headers": headers})
        assert code(response) == named
        assert bool(HAN.search(response.json()["errors"][0]["message"])) is chinese
        assert response.headers["content-language"] == ("zh" if chinese else "en")
