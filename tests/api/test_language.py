"""In which language a client is answered: what it accepts decides, request by request, and caches keep the answers apart."""

from __future__ import annotations

import re
from typing import Any

import pytest

from domain.messages import Language
from tests.api.conftest import XIHU, Api
from transport.negotiation import language_of

pytestmark = pytest.mark.registry("shared")

HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")
HISTORY = "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { history(first: 9) { type summary } } }"
AUDIT_LOG = "{ auditLog(first: 50) { nodes { type summary } } }"
WITHDRAW = 'mutation ($id: ID!) { withdrawCase(caseId: $id, reason: "x") { refusal { code message } } }'


def post(api: Api, languages: str | None, document: str, token: str, **variables: Any) -> Any:
    """An operation asked in a language; the whole response."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    if languages is not None:
        headers["Accept-Language"] = languages
    return api.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, Language.EN),
        ("", Language.EN),
        ("zh-CN", Language.ZH),
        ("ZH-Hans-CN, en;q=0.5", Language.ZH),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        ("en-GB,en;q=0.9,zh;q=0.8", Language.EN),
        ("en;q=0.3, zh;q=0.7", Language.ZH),
        ("zh;q=0, en", Language.EN),
        ("zh;q=0", Language.EN),
        ("de, zh;q=0.1", Language.ZH),
        ("de", Language.EN),
        ("*", Language.EN),
        ("en, zh", Language.EN),
        ("zhx", Language.EN),
        ("zh;q=much, en;q=0.1", Language.EN),
    ],
)
def test_the_language_with_the_highest_quality_is_chosen(accept, language):
    """Chinese by any of its tags; English where neither is named, where both are equal and it stands first, and by default."""
    assert language_of(accept) is language


def test_a_refusal_is_said_in_the_language_that_is_asked_for(api: Api) -> None:
    """The code stays; the sentence is Chinese without an English word, or English without an ideograph."""
    case = api.approved()["case"]
    reviewer = api.token("REVIEWER", XIHU)
    said = {}
    for languages in ("zh-CN", "en", None):
        answer = post(api, languages, WITHDRAW, reviewer, id=case["id"])
        refusal = answer.json()["data"]["withdrawCase"]["refusal"]
        assert refusal["code"] == "CASE_CLOSED"
        assert answer.headers["content-language"] == ("zh" if languages == "zh-CN" else "en")
        said[languages] = refusal["message"]
    assert said["zh-CN"] == "该申请已经认定通过，不得重新作出决定；确需终止职称的，请按撤销或者注销程序办理。"
    assert not LATIN.search(said["zh-CN"])
    assert said["en"] == said[None]
    assert not HAN.search(said["en"])


def test_a_query_that_is_refused_is_answered_in_the_language(api: Api) -> None:
    """What a query may not is an error with the code, in the sentence of the language."""
    (error,) = post(api, "zh", AUDIT_LOG, api.token("APPLICANT")).json()["errors"]
    assert error["extensions"]["code"] == "NOT_PERMITTED"
    assert error["message"] == "申请人无权进行此项操作，请以审计人员的身份登录。"
    (error,) = post(api, "en", AUDIT_LOG, api.token("APPLICANT")).json()["errors"]
    assert error["message"] == "This is not for the role APPLICANT; sign in as AUDITOR."


def test_what_happened_is_told_in_the_language(api: Api) -> None:
    """Histories and the audit log tell events in Chinese or in English; the stable types stay as they are."""
    approved = api.approved()
    for document, variables in (
        (HISTORY, {"id": approved["case"]["id"], "at": approved["position"]}),
        (AUDIT_LOG, {}),
    ):
        told = {}
        for languages in ("zh-CN", "en"):
            answer = post(api, languages, document, api.token("AUDITOR"), **variables).json()
            assert "errors" not in answer, answer
            (root,) = answer["data"].values()
            told[languages] = root["history"] if "history" in root else root["nodes"]
        assert [each["type"] for each in told["zh-CN"]] == [each["type"] for each in told["en"]]
        assert len(told["en"]) >= 3
        assert all(HAN.search(each["summary"]) for each in told["zh-CN"])
        assert not any(HAN.search(each["summary"]) for each in told["en"])


def test_files_are_refused_in_the_language(api: Api) -> None:
    """The door for evidence files speaks as the API does."""
    headers = {"Authorization": f"Bearer {api.token('VERIFIER')}", "Accept-Language": "zh-CN"}
    answer = api.client.post("/evidence", content=b"x", headers=headers)
    assert answer.headers["content-language"] == "zh"
    (error,) = answer.json()["errors"]
    assert HAN.search(error["message"])
    assert not LATIN.search(error["message"])


def test_caches_keep_the_languages_apart(api: Api) -> None:
    """A public answer varies by ``Accept-Language``, says in which it is, and has a tag of its own in each."""
    tags = {}
    for languages in ("zh-CN", "en"):
        answer = api.client.get(
            "/graphql", params={"query": "{ catalogs { code } }"}, headers={"Accept-Language": languages}
        )
        assert "Accept-Language" in answer.headers["vary"].split(", ")
        assert answer.headers["content-language"] == languages[:2]
        tags[languages] = answer.headers["etag"]
    assert tags["zh-CN"] != tags["en"]
    headers = {"Accept-Language": "en", "If-None-Match": tags["zh-CN"]}
    assert api.client.get("/graphql", params={"query": "{ catalogs { code } }"}, headers=headers).status_code == 200
