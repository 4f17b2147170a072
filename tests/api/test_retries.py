"""A retry answers with its first attempt's case, and only a retry does: cleaned is compared with cleaned, over every field."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

from application.commands import CleanSubmission, Submission
from domain.case.events import Submitted
from tests.api.conftest import XIHU, Api

CODE = "zj-2023-digital-equipment-materials"
FORM: dict[str, Any] = {
    "idempotencyKey": "the-key",
    "holder": {"name": "王敏", "idType": "RESIDENT_ID", "idNumber": "330106199003077013"},
    "certificate": {
        "name": "AWS Certified Solutions Architect - Professional",
        "issuingBody": "亚马逊",
        "grade": None,
        "certificateNumber": "AWS-PSA-00417",
        "issuedOn": "2024-01-02",
        "expiresOn": "2027-01-02",
    },
    "authorityCode": XIHU,
    "workField": "数字经济",
    "catalogCode": CODE,
    "experience": [
        {"employer": "Example GmbH", "from": "2019-01-01", "to": "2020-12-31", "field": "云计算"},
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


ALIKE = [
    FORM,
    changed("authorityCode", to=f" {XIHU} "),
    changed("workField", to="  数字经济\t"),
    changed("idempotencyKey", to=" the-key"),
    changed("holder", "name", to="王敏 "),
    changed("holder", "idNumber", to=" 330106199003077013"),
    changed("certificate", "name", to="AWS Certified  Solutions Architect - Professional"),
    changed("certificate", "grade", to=" "),
    changed("catalogCode", to=f"{CODE} "),
    changed("experience", 0, "employer", to="Example  GmbH"),
    changed("evidence", 0, "sha256", to="A" * 64),
    changed("evidence", 0, "mediaType", to="Application/PDF"),
]
OTHERWISE = [
    changed("authorityCode", to="330100-EI"),
    changed("workField", to="新材料"),
    changed("holder", "name", to="王敏敏"),
    changed("certificate", "name", to="AWS Certified Developer - Associate"),
    changed("certificate", "issuingBody", to="AWS"),
    changed("certificate", "grade", to="1级"),
    changed("certificate", "certificateNumber", to="AWS-PSA-00418"),
    changed("certificate", "issuedOn", to="2024-01-03"),
    changed("certificate", "expiresOn", to=None),
    changed("catalogCode", to=None),
    changed("experience", to=FORM["experience"][::-1]),
    changed("experience", to=FORM["experience"][:1]),
    changed("experience", 1, "to", to="2022-12-30"),
    changed("experience", 0, "field", to="软件"),
    changed("evidence", to=FORM["evidence"][::-1]),
    changed("evidence", 0, "size", to=12),
    changed("evidence", 1, "kind", to="OTHER"),
    changed("evidence", 1, "fileName", to="工作经历.pdf"),
]


def test_every_field_of_a_submission_counts() -> None:
    """A new field of the form cannot be forgotten: all but the key are in the comparison, and recorded."""
    compared = {each.name for each in fields(CleanSubmission)}
    stated = {each.name for each in fields(Submission)} - {"idempotency_key", "catalog_code"}
    assert compared == stated | {"catalog_asked"}
    assert compared <= set(Submitted.model_fields)


def test_a_retry_is_recognised_however_it_is_typed(api: Api) -> None:
    """The same content with other blanks, in upper case where that means nothing, is the same submission."""
    first = send(api, FORM)
    assert first["refusal"] is None
    for form in ALIKE:
        again = send(api, form)
        assert (again["refusal"], again["case"]) == (None, first["case"])


def test_other_content_under_the_same_key_is_refused(api: Api) -> None:
    """Whatever differs, the catalog named and the order of periods and files included, the key is taken."""
    assert send(api, FORM)["refusal"] is None
    head = api.registry.journal.last_position()
    for form in OTHERWISE:
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
