"""Values at the edges of their types in every argument of the schema, from every role: refused or answered, never a defect."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from application.access import RIGHTS
from domain.values import Role
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from registry_api.policy import FIELDS
from tests.api.conftest import XIHU, Api
from tests.api.test_retries import CODE, FORM
from tests.api.test_unstorable_text import fields, places

SMALL = "zj-2026-small"
TEXTS_A_PLACE = 3
SHARES = 4
"""In how many tests all arguments are tried, which run side by side."""
NOBODY = "00000000-0000-0000-0000-000000000000"


def cursor(*parts: str) -> str:
    """A cursor as lists make them."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


CURSORS = [
    "W10",
    "e30",
    "bnVsbA",
    cursor("cases", "0001-01-01T00:00:00", NOBODY),
    cursor("cases", "9999-12-31T23:59:59+00:00", NOBODY),
    cursor("cases", "0001-01-01T00:00:00+23:59", NOBODY),
    cursor("titles", "0001-01-01", NOBODY),
    cursor("titles", "9999-W52-7", NOBODY),
    cursor("entries", "9" * 30),
    cursor("entries", "-1"),
    cursor("entries", "1_0"),
    cursor("aliases", "9" * 30),
    cursor("aliases", "٣"),
]
STRINGS = [
    "",
    " ",
    "x" * 5_000,
    "👩‍👩‍👧",
    "%_\\'\";--",
    "\u202e\u200b",
    "\U000e0001\ufffe",
    "0",
    "工程师",
    "'}{)(",
    "null",
]
HOSTILE: dict[str, list[Any]] = {
    "Int": [0, -1, 2**31 - 1, -(2**31), 2**31, 2**63],
    "Position": ["0", "9" * 18, str(2**63), "9" * 40, "-1", "", "1e3", "٣", 5, -5],
    "Date": ["0001-01-01", "9999-12-31", "0000-01-01", "2026-02-30", "", "2023-10-31", "２０２６-01-01"],
    "DateTime": [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-23:59",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-01-01",
    ],
    "Boolean": [True, False],
    "ID": [
        *STRINGS,
        NOBODY,
        "case",
        "case.",
        f"case.{NOBODY}",
        f"title.{NOBODY}",
        f"case.{NOBODY}@1",
        f"case.{NOBODY}@{'9' * 30}",
        f"catalog.{CODE}",
        f"version.{CODE}.999999999",
        f"entry.{CODE}.1.0",
        f"entry.{CODE}.{'9' * 30}.1",
        f"amendment.{CODE}.{NOBODY}",
        f"catalog-proposal.{NOBODY}",
        "🙂.🙂",
    ],
}


def known(api: Api) -> dict[str, Any]:
    """What a valid call names, by argument; a case that is open, and what stands beside it."""
    case = api.submit()["case"]
    change = {"kind": "REVISED", "number": 1, "entry": entry(), "reason": "更正"}
    certificate = {name: value for name, value in FORM["certificate"].items() if name != "certificateNumber"}
    return {
        "id": case["id"],
        "ids": [case["id"]],
        "by": ["MONTH", "OFFICER"],
        "questions": [{"certificateNumber": "AWS-1", "holderName": "王敏"}],
        "statement": "证书属实",
        "servedOn": "2026-11-23",
        "outcome": "UPHELD",
        "decidedOn": "2026-11-23",
        "reference": "浙复〔2026〕1号",
        "seed": "2026-11",
        "experience": FORM["experience"],
        "size": 3,
        "caseId": case["id"],
        "ref": case["holder"]["ref"],
        "code": CODE,
        "catalogCode": CODE,
        "holder": FORM["holder"] | {"name": None},
        "identity": FORM["holder"] | {"name": None},
        "subject": "officer.x",
        "certificate": certificate | {"certificateNumber": "HV-1"},
        "certificateNumber": "AWS-1",
        "holderName": "王敏",
        "authorityCode": "330100-EI",
        "entryNumber": 58,
        "number": 1,
        "evidence": FORM["evidence"][:1],
        "workConsistent": True,
        "reason": "理由",
        "ground": "伪造证书",
        "findings": "核查属实",
        "legalBasis": "PIPL article 47",
        "position": "1",
        "fromSize": 1,
        "toSize": 2,
        "amendmentId": f"amendment.{CODE}.{NOBODY}",
        "proposalId": f"catalog-proposal.{NOBODY}",
        "SubmitCaseInput": FORM | {"idempotencyKey": case["id"], "experience": FORM["experience"]},
        "AmendmentInput": {
            "catalogCode": SMALL,
            "baseVersion": 1,
            "noticeNumber": "浙经信人事〔2026〕9号",
            "noticeTitle": "关于调整比照认定目录的通知",
            "effectiveFrom": "2027-01-01",
            "changes": [change],
            "aliasChanges": [
                {
                    "kind": "ADDED",
                    "aliasKind": "QUALIFICATION",
                    "text": "Some Other Name",
                    "numbers": [1],
                    "ground": "官网",
                }
            ],
        },
        "CatalogInput": catalog_of("zj-2026-other"),
    }


def catalog_of(code: str) -> dict[str, Any]:
    """A well-formed catalog of one entry."""
    return {
        "code": code,
        "name": "其他目录",
        "noticeTitle": "关于印发其他目录的通知",
        "effectiveFrom": "2026-11-24",
        "entries": [entry()],
    }


def publish_small(api: Api) -> None:
    """A catalog of one entry, so that its amendments are examined fast."""
    document = "mutation ($input: CatalogInput!) { proposeCatalog(input: $input) { proposal { id } } }"
    first, second = (api.token("ADMINISTRATOR", subject=who) for who in ("first", "second"))
    proposal = api.ask(document, {"input": catalog_of(SMALL)}, first)["proposeCatalog"]["proposal"]["id"]
    published = api.ask(
        "mutation ($id: ID!) { publishCatalog(proposalId: $id) { refusal { code } } }", {"id": proposal}, second
    )
    assert published["publishCatalog"]["refusal"] is None


def entry() -> dict[str, Any]:
    """A well-formed entry."""
    return {
        "number": 1,
        "qualificationName": "Example Engineer",
        "translatedName": "示例工程师",
        "issuingBody": "Example Institute",
        "field": "数字经济",
        "awards": [{"title": "工程师", "level": "INTERMEDIATE"}],
    }


def pruned(value: Any, type_: Any) -> Any:
    """Of a value, what an input type knows and what is not null."""
    bare = get_nullable_type(type_)
    if is_list_type(bare):
        return [pruned(each, bare.of_type) for each in value]
    if isinstance(bare, GraphQLInputObjectType):
        return {
            name: pruned(value[name], each.type)
            for name, each in bare.fields.items()
            if name in value and value[name] is not None
        }
    return value


def valid(definition: GraphQLField, said: dict[str, Any], besides: str) -> dict[str, Any]:
    """Arguments of a valid call: those that are required, and what is asked about unless it is named ``besides``."""
    subject = set() if besides in {"caseNumber", "holder"} else {"id", "ref"}
    return {
        name: pruned(said.get(name, said.get(get_named_type(each.type).name)), each.type)
        for name, each in definition.args.items()
        if is_non_null_type(each.type) or name in subject
    }


def put(arguments: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Arguments with one value in one place, made where it is not there."""
    name, *below = place
    if not below:
        return arguments | {name: value}
    there = arguments.get(name)
    if isinstance(there, list):
        return arguments | {name: [put(each, tuple(below), value) for each in there]}
    return arguments | {name: put(there or {}, tuple(below), value)}


def hostile(definition: GraphQLField, place: tuple[str, ...]) -> list[Any]:
    """The values to put at a place."""
    type_ = definition.args[place[0]].type
    for step in place[1:]:
        type_ = get_named_type(type_).fields[step].type
    listed, named = is_list_type(get_nullable_type(type_)), get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        values: list[Any] = [*named.values, "UNKNOWN"]
    elif named.name == "String":
        values = [*STRINGS, *CURSORS] if place[-1] in {"after", "before"} else STRINGS
    else:
        values = HOSTILE[named.name]
    return [[], *([each] for each in values)] if listed else values


def selection(type_: Any, depth: int = 2) -> str:
    """Everything that can be selected without arguments, some levels deep."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename id }"
    parts = [
        f"{name} {selection(each.type, depth - 1)}"
        for name, each in named.fields.items()
        if not any(map(is_non_null_type, (argument.type for argument in each.args.values())))
        and (is_leaf_type(get_named_type(each.type)) or depth > 0)
    ]
    return f"{{ __typename {' '.join(parts)} }}"


def tokens_of(api: Api) -> dict[Role | None, str | None]:
    """A token of each role that people have, and none."""
    named = {
        role: api.token(role.value, XIHU if role is Role.REVIEWER else None) for role in Role if role is not Role.SYSTEM
    }
    return {**named, None: None}


def roles_for(opening: str, name: str) -> list[Role | None]:
    """The roles that may ask for a field, by the root field it stands under."""
    root = opening.split()[1].partition("(")[0] if len(opening.split()) > 1 else name
    action = FIELDS[root]
    return [
        role
        for role in ([*Role, None] if action is None else [each for each in RIGHTS if action in RIGHTS[each].actions])
        if role is not Role.SYSTEM
    ]


def send(
    api: Api, kind: str, opening: str, name: str, definition: GraphQLField, arguments: dict[str, Any], token: str | None
) -> str:
    """Send a call, its arguments by variable; its code, or OK. Never a defect."""
    declared = ", ".join(f"${argument}: {definition.args[argument].type}" for argument in arguments)
    passed = ", ".join(f"{argument}: ${argument}" for argument in arguments)
    head = f"{kind} {f'({declared})' if declared else ''} {opening} {name}{f'({passed})' if passed else ''}"
    answer = api.post(f"{head} {selection(definition.type)} {'}' * opening.count('{')}", arguments, token)
    return judged(answer, name, arguments)


def judged(answer: Any, name: str, arguments: Any) -> str:
    """The first code of an answer, or OK."""
    assert answer.status_code < 500, (name, arguments, answer.text)
    if answer.is_redirect:
        return "REDIRECT"
    body = answer.json()
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    assert "INTERNAL" not in codes, (name, str(arguments)[:500], answer.text)
    payload = (body.get("data") or {}).get(name)
    if isinstance(payload, dict) and payload.get("refusal"):
        codes.append(payload["refusal"]["code"])
    return codes[0] if codes else "OK"


Call = tuple[str, str, str, GraphQLField]
"""A field that is asked for: kind of operation, what opens its document before it, its name, itself."""


def calls() -> Iterator[Call]:
    """Every field with arguments, below documents that name what there is."""
    for kind, opening, name, definition in fields():
        yield kind, opening.replace('"x"', f'"{CODE}"'), name, definition


def some(values: list[Any], number: int) -> list[Any]:
    """A few of many texts, others at the next place; each value comes to many places, and all others to every place."""
    return (
        values if values is not STRINGS else [STRINGS[(number + step) % len(STRINGS)] for step in range(TEXTS_A_PLACE)]
    )


def tried(definition: GraphQLField) -> int:
    """How many values are put into the arguments of a field."""
    return sum(
        len(some(hostile(definition, place), 0))
        for argument, each in definition.args.items()
        for place in places(each.type, (argument,), None)
    )


def shared_out(asked: list[Call]) -> list[list[Call]]:
    """Calls in as many shares as there are, each with its part of the questions and its part of the acts, by what is to be tried."""
    shares: list[list[Call]] = [[] for _ in range(SHARES)]
    burden: Counter[tuple[str, int]] = Counter()
    for call in sorted(asked, key=lambda each: tried(each[-1]), reverse=True):
        kind, *_, definition = call
        share = min(range(SHARES), key=lambda each: burden[kind, each])
        burden[kind, share] += tried(definition)
        shares[share].append(call)
    return shares


@pytest.mark.parametrize("share", range(SHARES))
def test_every_argument_takes_values_at_the_edges_of_its_type(api: Api, share: int) -> None:
    """One value at a time in an otherwise valid call, by the roles that may, in turn."""
    publish_small(api)
    api.registry.reads._patience = 0.01  # positions that never come are asked for
    tokens, answers, turn, said = tokens_of(api), Counter[str](), itertools.count(), known(api)
    for kind, opening, name, definition in shared_out(list(calls()))[share]:
        allowed = [role for role in roles_for(opening, name) if role]
        for argument, each in definition.args.items():
            for place in places(each.type, (argument,), None):
                if kind == "mutation":  # which may have closed the case before
                    said = known(api)
                for value in some(hostile(definition, place), next(turn)):
                    arguments = put(valid(definition, said, argument), place, value)
                    token = tokens[allowed[next(turn) % len(allowed)]]
                    answers[send(api, kind, opening, name, definition, arguments, token)] += 1
    assert answers.total() > 1_200 / SHARES / 2
    assert answers["OK"] > 250 / SHARES / 2
    assert answers["BAD_USER_INPUT"] > 100 / SHARES / 2
    assert len(answers) > 8


def test_values_at_the_edges_come_together_too(api: Api) -> None:
    """Any of them in any of the arguments of a call at once, by any role and by nobody."""
    publish_small(api)
    api.registry.reads._patience = 0.01
    tokens, asked, said = tokens_of(api), list(calls()), known(api)
    spots = {
        (opening, name): [p for a, each in definition.args.items() for p in places(each.type, (a,), None)]
        for _, opening, name, definition in asked
    }

    @seed(20261126)
    @settings(max_examples=250, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        kind, opening, name, definition = data.draw(st.sampled_from(asked))
        arguments = valid(definition, said, "")
        for place in data.draw(st.lists(st.sampled_from(spots[opening, name]), min_size=1, max_size=4, unique=True)):
            arguments = put(arguments, place, data.draw(st.sampled_from(hostile(definition, place))))
        role = data.draw(st.sampled_from([role for role in tokens if name != "verifyTitle" or role]))
        send(api, kind, opening, name, definition, arguments, tokens[role])

    ask()


DAYS = ["0001-01-01", "0001-01-02", "2023-11-01", "9999-12-30", "9999-12-31"]


def test_a_catalog_with_versions_at_the_ends_of_time_is_read(api: Api) -> None:
    """Errata take effect on the first and the last day there is; the catalog is asked about on each, and matched."""
    publish_small(api)
    first, second = (api.token("ADMINISTRATOR", subject=who) for who in ("first", "second"))
    for base, day in enumerate(DAYS, start=1):
        terms = known(api)["AmendmentInput"] | {
            "baseVersion": base,
            "effectiveFrom": day,
            "erratum": True,
            "aliasChanges": [],
        }
        terms["changes"] = [
            terms["changes"][0] | {"entry": entry() | {"qualificationName": f"Example Engineer {base}"}}
        ]
        made = api.ask(
            "mutation ($input: AmendmentInput!) { proposeAmendment(input: $input) { amendment { id } refusal { code } } }",
            {"input": terms},
            first,
        )["proposeAmendment"]
        assert made["refusal"] is None
        issued = "mutation ($id: ID!) { issueAmendment(amendmentId: $id) { refusal { code } } }"
        api.ask(issued, {"id": made["amendment"]["id"]}, second)
    for day in [*DAYS, "2026-11-23"]:
        for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", None):
            judged(
                api.post(
                    """query ($day: Date, $at: DateTime, $code: String!) { catalog(code: $code) {
                         versions { number effectiveFrom effectiveUntil }
                         version(effectiveOn: $day, knownAt: $at) { number entry(number: 1) { qualificationName } } } }""",
                    {"day": day, "at": at, "code": SMALL},
                ),
                "catalog",
                (day, at),
            )
        judged(
            api.post(
                """query ($day: Date) { matchCertificate(certificate: {name: "Example Engineer 1"}, on: $day) { outcome } }""",
                {"day": day},
            ),
            "matchCertificate",
            day,
        )


@pytest.mark.registry("shared")
@pytest.mark.parametrize("subject", ["a\0b", "", " ", "x" * 3_000, "王敏", "🙂", "a\u202eb", "'; --", "\ud800"])
def test_a_token_with_any_subject_is_believed_or_refused(api: Api, subject: str) -> None:
    """Whatever an identity provider calls a person, a submission is recorded or refused."""
    try:
        token = api.issuer.issue(Role.APPLICANT, subject=subject)
    except ValueError:
        return  # not even the issuer makes such a token
    document = "mutation ($input: SubmitCaseInput!) { submitCase(input: $input) { refusal { code } case { id } } }"
    judged(api.post(document, {"input": FORM}, token), "submitCase", subject)


@pytest.mark.registry("shared")
@pytest.mark.parametrize("header", ["", "é", "理由".encode(), b"\xff\xfe", "x" * 5_000, "%00", "UTF-8''%00"])
def test_any_reason_is_taken_or_refused(api: Api, header: str | bytes) -> None:
    """A header with whatever a client puts in it."""
    raw = header if isinstance(header, bytes) else header.encode("latin-1")
    headers = [(b"Authorization", f"Bearer {api.token('AUDITOR')}".encode()), (b"X-Access-Reason", raw)]
    body = {"query": "{ auditLog(first: 1) { nodes { data } } }"}
    judged(api.client.post("/graphql", json=body, headers=headers), "auditLog", header)


@pytest.mark.registry("shared")
@pytest.mark.parametrize("named", ["", "case.", f"case.{NOBODY}", "case.\0", "🙂", "x" * 5_000, f"title.{NOBODY}"])
def test_files_are_asked_for_by_any_name(api: Api, named: str) -> None:
    """Case and digest in an address, and the holder in headers."""
    for role in ("APPLICANT", "VERIFIER", "PRIVACY_OFFICER"):
        headers = {"Authorization": f"Bearer {api.token(role)}"}
        judged(api.client.post("/evidence", params={"case": named}, content=b"x", headers=headers), "POST", named)
        judged(
            api.client.get(f"/evidence/{quote(named, safe='')}", params={"case": named}, headers=headers), "GET", named
        )
        headers["X-Holder-Id-Number"] = quote(named)
        judged(
            api.client.post("/evidence", content=b"x", headers=headers | {"X-Holder-Id-Type": "PASSPORT"}),
            "POST",
            named,
        )
