"""Events say why a match is as it is by codes and facts; people read sentences, and what somebody typed only where they may."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.api.conftest import XIHU, Api

pytestmark = pytest.mark.registry("shared")

UNKNOWN = "Grumblefix"
CASE = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { candidates { reasons } history { data } } }"
MATCH = """{ matchCertificate(certificate: {name: "Cisco Certified Network Professional Enterprise Grumblefix", issuingBody: "Cisco"}) {
    candidates { reasons } } }"""
ERASE = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL 47") { position refusal { code } } }'
SAID_ZH, WITHHELD_ZH = f"条目不含：{UNKNOWN}。", "名称的内容多于条目。"
SAID, WITHHELD = f"The entry does not say: {UNKNOWN}.", "The name says more than the entry."


def reasons_in(api: Api, token: str, language: str, **asked: Any) -> list[str]:
    """The reasons of the likeliest candidate, as a browser of this language reads them."""
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
    answer = api.client.post("/graphql", json={"query": CASE, "variables": asked}, headers=headers).json()
    said: list[str] = answer["data"]["case"]["candidates"][0]["reasons"]
    return said


def test_reasons_are_codes_in_events_and_sentences_where_they_are_read(api: Api) -> None:
    """An event holds codes with the catalog's facts in clear and typed text sealed; a reviewer reads whole sentences in their language,
    an auditor without a reason the same without the quotes, and after an erasure so does everybody.
    """
    payload = api.submit(
        certificate={"name": f"Cisco Certified Network Professional Enterprise {UNKNOWN}", "issuingBody": "Cisco"}
    )
    case, reviewer, auditor = payload["case"], api.token("REVIEWER", XIHU), api.token("AUDITOR")
    asked = {"id": case["id"], "p": payload["position"]}
    assert SAID in reasons_in(api, reviewer, "en", **asked)
    assert SAID_ZH in reasons_in(api, reviewer, "zh-CN", **asked)
    assert (
        WITHHELD in reasons_in(api, auditor, "en", **asked),
        WITHHELD_ZH in reasons_in(api, auditor, "zh", **asked),
    ) == (True, True)
    listed = api.ask(CASE, asked, reviewer)["case"]["history"][1]["data"]["candidates"][0]["reasons"]
    assert {"code": "match.beyond", "facts": [], "typed": [UNKNOWN]} in listed
    with psycopg.connect(api.registry.database.owner_url) as connection:
        events = connection.execute("SELECT convert_from(state, 'UTF8') FROM registry.events").fetchall()
    (state,) = (state for (state,) in events if '"code":"match.beyond"' in state)
    assert UNKNOWN not in state
    assert "思科（Cisco）" in state
    assert not any("The entry" in state or "条目" in state for (state,) in events if "match.beyond" in state)
    erased = api.ask(ERASE, {"ref": case["holder"]["ref"]}, api.token("PRIVACY_OFFICER"))["eraseHolder"]
    assert erased["refusal"] is None
    assert WITHHELD in reasons_in(api, reviewer, "en", id=case["id"], p=erased["position"])


def test_a_match_nobody_submitted_is_explained_in_the_readers_language(api: Api) -> None:
    """Whoever tries a certificate reads why in Chinese or English, one sentence in one language."""
    told = {
        language: api.client.post("/graphql", json={"query": MATCH}, headers={"Accept-Language": language}).json()
        for language in ("zh-CN", "en")
    }
    chinese, english = (
        told[language]["data"]["matchCertificate"]["candidates"][0]["reasons"] for language in ("zh-CN", "en")
    )
    assert SAID_ZH in chinese
    assert SAID in english
    assert not any(" / " in reason for reason in [*chinese, *english])
