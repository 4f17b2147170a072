"""Rights are decided by the row as well as by the role, on whatever way somebody comes to it, and before anything is looked at."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest

from application.officers import Officers
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Provenance, Role
from tests.api.conftest import NINGBO, XIHU, Api
from tests.people import passport_number, resident_number

pytestmark = pytest.mark.registry("shared")

CONTENT = b"%PDF-1.7 " + b"a diploma " * 400
VERIFY = """query ($c: String!, $n: String!, $p: Position) { verifyTitle(certificateNumber: $c, holderName: $n, atLeast: $p) {
    known title { status certificateNumber revocationGround holder { ref name idNumber } } } }"""


def revoked(api: Api) -> tuple[dict[str, Any], dict[str, Any]]:
    """A title that was revoked for a ground; the case as submitted, and the payload of the revocation."""
    case = api.submit(
        certificate={"certificateNumber": "S1-77"}, holder={"name": "王敏", "idNumber": resident_number(7)}
    )["case"]
    api.decide("approveCase", case["id"], workConsistent=True)
    return case, api.revoked(case["id"], "It was forged.", "The body does not know it.")


def test_verifying_a_title_shows_persons_to_those_whose_row_it_is(api: Api) -> None:
    """The number of a certificate and a name tell a stranger nothing more, whatever role their token has."""
    _, done = revoked(api)
    asked = {"c": "S1-77", "n": "王敏", "p": done["position"]}
    ours = api.token("REVIEWER", XIHU)
    own = api.ask(VERIFY, asked, ours)["verifyTitle"]["title"]
    assert (own["holder"]["name"], own["holder"]["idNumber"]) == ("王敏", resident_number(7))
    assert own["revocationGround"] == "It was forged."
    strangers = [
        api.token("APPLICANT", subject="a-stranger"),
        api.token("REVIEWER", NINGBO),
        api.token("VERIFIER"),
        None,
    ]
    for token in strangers:
        seen = api.ask(VERIFY, asked, token)["verifyTitle"]
        assert seen["known"]
        assert seen["title"]["holder"] | {"ref": None} == {"ref": None, "name": None, "idNumber": None}
        assert seen["title"]["certificateNumber"] is seen["title"]["revocationGround"] is None


def test_a_file_serves_the_case_it_was_uploaded_for(api: Api) -> None:
    """Whoever states somebody's number and the digest of their diploma gets neither the file nor its size."""
    digest, holder = hashlib.sha256(CONTENT).hexdigest(), {"name": "王敏", "idNumber": resident_number(8)}
    mine, theirs = api.token("APPLICANT"), api.token("APPLICANT", subject="a-stranger")
    headers = {"X-Holder-Id-Number": resident_number(8), "Content-Type": "application/pdf"}
    uploaded = api.client.post("/evidence", content=CONTENT, headers=headers | {"Authorization": f"Bearer {mine}"})
    assert uploaded.status_code == 201
    stated = {
        "sha256": digest,
        "fileName": "d.pdf",
        "mediaType": "application/pdf",
        "size": len(CONTENT),
        "kind": "DIPLOMA",
    }
    case = api.submit(holder=holder, evidence=[stated])["case"]
    unlisted = {"name": "Another certificate", "issuingBody": "Another institute"}
    other = api.submit(theirs, holder=holder, evidence=[stated | {"size": 7}], certificate=unlisted)
    assert other["refusal"] is None
    for token, identifier, status in ((mine, case["id"], 200), (theirs, other["case"]["id"], 404)):
        got = api.client.get(f"/evidence/{digest}?case={identifier}", headers={"Authorization": f"Bearer {token}"})
        assert got.status_code == status
        assert (got.content == CONTENT) == (status == 200)


def test_subjects_that_differ_in_capitals_are_one_officer(api: Api) -> None:
    """`Officer.X` is no second officer beside `officer.x`, so two signatures of theirs are one."""
    case = api.submit()["case"]
    api.decide("approveCase", case["id"], workConsistent=True)
    one, same = api.token("REVIEWER", XIHU, "Officer.X"), api.token("REVIEWER", XIHU, "officer.x")
    assert api.decide("proposeRevocation", case["id"], one, ground="g", findings="f")["refusal"] is None
    assert api.heard(case["id"])["refusal"] is None
    assert api.decide("confirmRevocation", case["id"], same)["refusal"]["code"] == "SAME_OFFICER"


REGISTER = """mutation ($s: String!, $i: HolderInput!) { registerOfficer(subject: $s, identity: $i) {
    position refusal { code } } }"""


def test_nobody_decides_their_own_case_under_a_friends_name(api: Api) -> None:
    """An officer whom an administrator registered is compared with the holder by digest, however the number is written."""
    passport, officer = {"idType": "PASSPORT", "idNumber": "E 1234 5678"}, api.token("REVIEWER", XIHU, "Officer.Y")
    asked = {"s": "officer.Y", "i": passport}
    assert api.ask(REGISTER, asked, officer)["registerOfficer"]["refusal"]["code"] == "NOT_PERMITTED"
    assert api.ask(REGISTER, asked, api.token("ADMINISTRATOR"))["registerOfficer"]["refusal"] is None
    holder = {"name": "王敏", "idType": "PASSPORT", "idNumber": "e12345678"}
    friends = api.token("APPLICANT", subject="a-friend")
    own, other = api.submit(friends, holder=holder)["case"], api.submit(friends)["case"]
    refused = api.decide("approveCase", own["id"], officer, workConsistent=True)["refusal"]
    assert refused["code"] == "OWN_CASE"
    assert api.decide("approveCase", other["id"], officer, workConsistent=True)["refusal"] is None
    anew = {"s": "officer.y", "i": passport | {"idNumber": passport_number(99)}}
    assert api.ask(REGISTER, anew, api.token("ADMINISTRATOR"))["registerOfficer"]["refusal"] is None
    assert api.decide("approveCase", own["id"], officer, workConsistent=True)["refusal"] is None
    self_said = api.ask(REGISTER, {"s": "administrator-anywhere", "i": passport}, api.token("ADMINISTRATOR"))
    assert self_said["registerOfficer"]["refusal"]["code"] == "SAME_OFFICER"


def test_one_person_under_two_accounts_is_one_officer(api: Api) -> None:
    """Two accounts registered with one document count as one at every rule of two, also of somebody who never submitted anything."""
    case = api.approved()["case"]
    document = {"idType": "PASSPORT", "idNumber": passport_number(7)}
    for subject in ("account.one", "account.two"):
        registered = api.ask(REGISTER, {"s": subject, "i": document}, api.token("ADMINISTRATOR"))
        assert registered["registerOfficer"]["refusal"] is None
    one, two = (api.token("REVIEWER", XIHU, subject) for subject in ("account.one", "account.two"))
    assert api.decide("proposeRevocation", case["id"], one, ground="g", findings="f")["refusal"] is None
    assert api.heard(case["id"])["refusal"] is None
    assert api.decide("confirmRevocation", case["id"], two)["refusal"]["code"] == "SAME_OFFICER"
    assert api.decide("confirmRevocation", case["id"], api.second())["refusal"] is None


def test_behind_an_identity_provider_nobody_unknown_decides(api: Api) -> None:
    """Where officers are real, it has to be known who they are: stated by the provider, or registered."""
    case = api.submit()["case"]
    known = Officers(api.registry.journal, api.registry.holders, api.clock, needed=True)
    unknown = Provenance(actor=Actor(subject="officer.z", role=Role.REVIEWER, authority_code=XIHU))
    with pytest.raises(Refused) as refused:
        known.identified(unknown)
    assert refused.value.code is RefusalCode.OFFICER_UNKNOWN
    stated = unknown.model_copy(update={"actor": unknown.actor.model_copy(update={"holder_ref": uuid4()})})
    assert known.identified(stated) == stated
    api.ask(
        REGISTER,
        {"s": "officer.z", "i": {"idNumber": passport_number(1), "idType": "PASSPORT"}},
        api.token("ADMINISTRATOR"),
    )
    identified = known.identified(unknown).actor
    assert (identified.subject, identified.holder_ref is not None) == ("officer.z", True)
    assert case["status"] == "MATCHED"


@pytest.mark.parametrize(
    "mutation",
    [
        'proposeCatalog(input: {code: "Not a code!", name: "", effectiveFrom: "2026-11-01", noticeTitle: "", entries: []})',
        'issueAmendment(amendmentId: "nonsense")',
        'eraseHolder(ref: "nonsense", legalBasis: "")',
        'approveCase(caseId: "nonsense", workConsistent: true)',
    ],
)
def test_permission_comes_before_input(api: Api, mutation: str) -> None:
    """Whoever may not ask is told so, whatever they sent: nothing of it is looked at."""
    answer = api.post(f"mutation {{ {mutation} {{ refusal {{ code }} }} }}", None, api.token("VERIFIER")).json()
    assert answer["data"].popitem()[1]["refusal"]["code"] == "NOT_PERMITTED", answer


def test_no_event_names_what_the_claim_is_derived_from(api: Api) -> None:
    """The stream of a claim is a keyed digest: whoever knows body and number cannot tell which it is."""
    case = api.submit(certificate={"certificateNumber": f"K-{uuid4().hex}"})["case"]
    assert case["status"] == "MATCHED"
    streams = {stream for (stream,) in _streams(api, "certificate-claim.claimed")}
    assert {stream.version for stream in streams} == {8}


def _streams(api: Api, topic: str) -> Any:
    import psycopg

    with psycopg.connect(api.registry.database.owner_url) as connection:
        return connection.execute("SELECT originator_id FROM registry.events WHERE topic = %s", [topic]).fetchall()
