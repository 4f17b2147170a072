"""A retry answers with its first attempt's case, and only a retry does: cleaned is compared with cleaned, over every field."""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from application.commands import CleanSubmission, Submission
from domain.case.events import Submitted
from graphql import GraphQLInputObjectType, get_named_type
from registry_api.schema import build_schema
from tests.api.conftest import XIHU, Api
from transport.execution import core_schema

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
CODE = "zj-2023-digital-equipment-materials"
FORM: dict[str, Any] = {
    "idempotencyKey": "the-key",
    "holder": {"name": "王敏", "idType": "PASSPORT", "idNumber": "12345678"},
    "certificate": {
        "name": "AWS Certified Solutions Architect - Professional",
        "issuingBody": "亚马逊",
        "grade": "1级",
        "certificateNumber": "AWS-PSA-00417",
        "issuedOn": "2024-01-02",
        "expiresOn": "2027-01-02",
    },
    "authorityCode": XIHU,
    "workField": "数字经济",
    "catalogCode": CODE,
    "experience": [
        {"employer": "Müller GmbH", "from": "2019-01-01", "to": "2020-12-31", "field": "云计算"},
        {"employer": "Example AG", "from": "2021-01-01", "to": "2022-12-31", "field": "云计算"},
    ],
    "evidence": [
        {"sha256": "a" * 64, "fileName": "证书.pdf", "mediaType": "application/pdf", "size": 10, "kind": "CERTIFICATE"},
        {"sha256": "b" * 64, "fileName": "工作.pdf", "mediaType": "application/pdf", "size": 11, "kind": "WORK"},
    ],
}
DOCUMENT = """mutation ($input: SubmitCaseInput!) { submitCase(input: $input) {
    position refusal { code } case { id } } }"""


def send(api: Api, form: dict[str, Any]) -> dict[str, Any]:
    """Submit a form; the payload."""
    payload: dict[str, Any] = api.ask(DOCUMENT, {"input": form}, api.token("APPLICANT"))["submitCase"]
    return payload


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The form with one value put otherwise."""
    form = copy.deepcopy(FORM)
    place: Any = form
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return form


OTHER: dict[str, Any] = {
    "idNumber": "87654321",
    "idType": "TW_TRAVEL_PERMIT",
    "sha256": "c" * 64,
    "catalogCode": None,
}
"""Other content where a letter more would not be well-formed."""
ALIKE = [
    changed("authorityCode", to=XIHU.translate(FULL_WIDTH)),
    changed("catalogCode", to=CODE.translate(FULL_WIDTH)),
    changed("holder", "idNumber", to="12345678".translate(FULL_WIDTH)),
    changed("holder", "idNumber", to="1234-56 78"),
    changed("certificate", "name", to="AWS Certified  Solutions\u3000Architect - Professional"),
    changed("experience", 0, "employer", to=unicodedata.normalize("NFD", "Müller GmbH")),
    changed("evidence", 0, "sha256", to="A" * 64),
    changed("evidence", 0, "mediaType", to="Application/PDF"),
]
"""Further spellings of the same content; blanks around any text come from the form itself."""
OTHERWISE = [
    changed("certificate", "expiresOn", to=None),
    changed("certificate", "grade", to=None),
    changed("experience", to=FORM["experience"][:1]),
    changed("evidence", to=[]),
    changed("evidence", to=[*FORM["evidence"], FORM["evidence"][0]]),
]
"""Further content that differs; a change of every field, and of the order of every list, comes from the form itself."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place of a form with what stands there, lists and the values in them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
        return
    yield path, value
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


def otherwise(name: Any, value: Any) -> Any:
    """Other content for a field."""
    match value:
        case list():
            return value[::-1]
        case int():
            return value + 1
        case str() if name in OTHER:
            return OTHER[name]
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    return f"{value}x"


def fields_of(type_: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of an input type, down to those that hold a value."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType):
        yield path
        return
    for name, each in named.fields.items():
        yield from fields_of(each.type, (*path, name))


def test_the_form_of_these_tests_fills_every_field() -> None:
    """A field that is added to the contract must be filled in here, and is then tried by the tests below."""
    schema = core_schema(build_schema())
    filled = {
        tuple(step for step in path if isinstance(step, str)) for path, value in places(FORM) if value is not None
    }
    wanted = set(fields_of(schema.type_map["SubmitCaseInput"]))
    assert wanted == {path for path in filled if path not in {("experience",), ("evidence",)}}
    assert len(wanted) > 20


def test_every_field_of_a_submission_counts() -> None:
    """A new field of the form cannot be forgotten: all but the key are in the comparison, and recorded."""
    compared = {each.name for each in fields(CleanSubmission)}
    stated = {each.name for each in fields(Submission)} - {"idempotency_key", "catalog_code"}
    assert compared == stated | {"catalog_asked"}
    assert compared <= set(Submitted.model_fields)


def test_a_retry_is_recognised_however_it_is_typed(api: Api) -> None:
    """The very same bytes, and the same content with other blanks or in another spelling that means nothing else."""
    first = send(api, FORM)
    assert first["refusal"] is None
    kinds = {"issuedOn", "expiresOn", "from", "to"}
    spaced = [changed(*p, to=f" {v}\t") for p, v in places(FORM) if isinstance(v, str) and p[-1] not in kinds]
    assert len(spaced) > 20
    for form in (FORM, *spaced, *ALIKE):
        again = send(api, form)
        assert (again["refusal"], again["case"]) == (None, first["case"]), form


def test_other_content_under_the_same_key_is_refused(api: Api) -> None:
    """Whichever field differs, the catalog named and the order of periods and files included, the key is taken."""
    assert send(api, FORM)["refusal"] is None
    head = api.registry.journal.last_position()
    different = [changed(*p, to=otherwise(p[-1], v)) for p, v in places(FORM) if p != ("idempotencyKey",)]
    assert len(different) > 25
    for form in (*different, *OTHERWISE):
        assert send(api, form)["refusal"] == {"code": "IDEMPOTENCY_KEY_REUSED"}, form
    assert api.registry.journal.last_position() == head


def test_a_false_authority_says_nothing_of_a_person(api: Api) -> None:
    """Who names an authority that is none is told that first, whatever is known of the holder."""
    submitted = send(api, FORM)
    ref = api.ask(
        "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { holder { ref } } }",
        {"id": submitted["case"]["id"], "at": submitted["position"]},
        api.token("APPLICANT"),
    )
    officer = api.token("PRIVACY_OFFICER")
    api.ask(
        'mutation ($ref: ID!) { restrictHolder(ref: $ref, legalBasis: "PIPL article 44") { refusal { code } } }',
        {"ref": ref["case"]["holder"]["ref"]},
        officer,
    )
    form = changed("authorityCode", to="999999-EI") | {"idempotencyKey": "another-key"}
    assert send(api, form)["refusal"] == {"code": "UNKNOWN_AUTHORITY"}
