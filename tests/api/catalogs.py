"""What administrators send, as tests need it: amendments of the official catalog, proposed and issued."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api

CODE = "zj-2023-digital-equipment-materials"
FIRST, SECOND = "first-administrator", "second-administrator"
ENTRY = "number qualificationName translatedName issuingBody field awards { grade title level }"
CHANGE = f"kind number reason before {{ {ENTRY} }} after {{ {ENTRY} }} fields {{ name before after }}"
PREVIEW = f"""query ($input: AmendmentInput!) {{ previewAmendment(input: $input) {{
    changes {{ {CHANGE} }} pendingCasesAffected titlesOnChangedEntries refusals {{ code message field }}
    changesSince {{ number noticeTitle changes {{ number fields {{ name before after }} }} }} }} }}"""
PAYLOAD = """amendment { id status baseVersion } catalogVersion { number entryCount effectiveFrom } position
    refusal { code message field } changesSince { number changes { kind number } }"""
PROPOSE = f"mutation ($input: AmendmentInput!) {{ proposeAmendment(input: $input) {{ {PAYLOAD} }} }}"
ISSUE = f"mutation ($id: ID!) {{ issueAmendment(amendmentId: $id) {{ {PAYLOAD} }} }}"
DISCARD = (
    f"mutation ($id: ID!, $reason: String!) {{ discardAmendment(amendmentId: $id, reason: $reason) {{ {PAYLOAD} }} }}"
)


def administrator(api: Api, subject: str = FIRST) -> str:
    """An administrator's token."""
    return api.token("ADMINISTRATOR", subject=subject)


def entry(api: Api, number: int, **changes: Any) -> dict[str, Any]:
    """An entry of the latest version as an input, with some fields changed."""
    current = api.registry.shelf.catalog(CODE).entries_at(api.registry.shelf.catalog(CODE).latest.number)[number]
    return {
        "number": number,
        "qualificationName": current.qualification_name,
        "translatedName": current.translated_name,
        "issuingBody": current.issuing_body,
        "field": current.field,
        "awards": [{"grade": a.grade, "title": a.title, "level": a.level.value} for a in current.awards],
    } | changes


def added(number: int, name: str, translated: str, **changes: Any) -> dict[str, Any]:
    """A new entry of Cisco's."""
    content = {
        "number": number,
        "qualificationName": name,
        "translatedName": translated,
        "issuingBody": "思科（Cisco）",
        "field": "数字经济",
        "awards": [{"title": "工程师", "level": "INTERMEDIATE"}],
    }
    return {"kind": "ADDED", "number": number, "entry": content | changes}


def revised(api: Api, number: int, **changes: Any) -> dict[str, Any]:
    """An entry with some fields changed."""
    return {"kind": "REVISED", "number": number, "entry": entry(api, number, **changes)}


def withdrawn(number: int) -> dict[str, Any]:
    """An entry is withdrawn."""
    return {"kind": "WITHDRAWN", "number": number, "reason": "retired by its issuer"}


def amendment(base: int, effective: str, *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An amendment as its form."""
    form = {
        "catalogCode": CODE,
        "baseVersion": base,
        "noticeNumber": f"浙人社发〔2026〕{base}号",
        "noticeTitle": f"关于调整目录的通知（{base}）",
        "effectiveFrom": effective,
        "changes": list(changes),
    }
    return form | more


def propose(api: Api, form: dict[str, Any], subject: str = FIRST) -> dict[str, Any]:
    """Propose; the payload."""
    payload: dict[str, Any] = api.ask(PROPOSE, {"input": form}, administrator(api, subject))["proposeAmendment"]
    return payload


def issue(api: Api, identifier: str, subject: str = SECOND) -> dict[str, Any]:
    """Issue; the payload."""
    payload: dict[str, Any] = api.ask(ISSUE, {"id": identifier}, administrator(api, subject))["issueAmendment"]
    return payload


def amend(api: Api, form: dict[str, Any]) -> dict[str, Any]:
    """Propose and issue; the payload of the issue."""
    proposed = propose(api, form)
    assert proposed["refusal"] is None, proposed["refusal"]
    issued = issue(api, proposed["amendment"]["id"])
    assert issued["refusal"] is None, issued["refusal"]
    return issued
