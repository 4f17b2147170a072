"""Role × every query, mutation and subscription × own and other jurisdiction, generated from the schema."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from application.access import RIGHTS, Action
from application.permissions import matrix
from console.serving import services_of
from domain.values import Actor, Role
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
)
from registry_api.context import Context
from registry_api.policy import FIELDS
from registry_api.schema import build_schema
from tests.api.conftest import NINGBO, XIHU, Api
from transport.execution import core_schema

pytestmark = pytest.mark.registry("shared")

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = build_schema()
CORE: GraphQLSchema = core_schema(SCHEMA)
MISSING = "case.00000000-0000-4000-8000-000000000000"
CATALOG = "zj-2023-digital-equipment-materials"
SCALARS = {
    "String": '"x"',
    "Int": "1",
    "Boolean": "false",
    "Date": '"2026-11-01"',
    "Position": '"1"',
    "Float": "1.0",
    "ID": '"x"',
}
SPECIAL = {
    "authorityCode": f'"{NINGBO}"',
    "catalogCode": f'"{CATALOG}"',
    "code": f'"{CATALOG}"',
    "idNumber": '"33010619900101123X"',
    "sha256": '"' + "a" * 64 + '"',
    "mediaType": '"image/png"',
    "although": '"' + "x" * 5_000 + '"',  # longer than a reason is, so that nothing is asked for
    "amendmentId": f'"amendment.{CATALOG}.00000000-0000-4000-8000-000000000000"',
    "proposalId": '"catalog-proposal.00000000-0000-4000-8000-000000000000"',
    "ref": '"00000000-0000-4000-8000-000000000000"',
    "idType": '"PASSPORT"',
    "subject": '"administrator-anywhere"',
}

NAMING: dict[str, Callable[[str], dict[str, str]]] = {
    "case": lambda case: {"id": f'"{case}"'},
    "node": lambda case: {"id": f'"{case}"'},
    "nodes": lambda case: {"ids": f'"{case}"'},
}
"""The queries that name a case, and how."""

DENIED = {"NOT_PERMITTED", "UNAUTHENTICATED"}
"""What somebody is told who may not: with a token, and without one."""


def literal(name: str, kind: Any, special: dict[str, str]) -> str:
    """A value of a type, as small as it may be."""
    if isinstance(kind, GraphQLNonNull):
        return literal(name, kind.of_type, special)
    if isinstance(kind, GraphQLList):
        return f"[{literal(name, kind.of_type, special)}]"
    if isinstance(kind, GraphQLInputObjectType):
        needed = [(n, f.type) for n, f in kind.fields.items() if is_needed(f) or n in special]
        return "{" + ", ".join(f"{n}: {literal(n, t, special)}" for n, t in needed) + "}"
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return special.get(name) or SCALARS[kind.name]


def is_needed(argument: Any) -> bool:
    """Whether an argument or input field must be given."""
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def call(name: str, field: GraphQLField, special: dict[str, str]) -> str:
    """A field with its needed arguments (and those among ``special``), and the smallest selection."""
    chosen = [(n, a) for n, a in field.args.items() if is_needed(a) or n in special]
    arguments = ", ".join(f"{n}: {literal(n, a.type, special)}" for n, a in chosen)
    kind = get_named_type(field.type)
    selection = ""
    if isinstance(kind, GraphQLObjectType) and "refusal" in kind.fields:
        selection = " { refusal { code message field } }"
    elif isinstance(kind, GraphQLObjectType | GraphQLUnionType | GraphQLInterfaceType):
        selection = " { __typename }"
    return name + (f"({arguments})" if arguments else "") + selection


def fields(root: str) -> dict[str, GraphQLField]:
    """The fields of one of the three roots."""
    kind = {"query": CORE.query_type, "mutation": CORE.mutation_type, "subscription": CORE.subscription_type}[root]
    assert kind is not None
    return dict(kind.fields)


def tokens(api: Api) -> dict[Role | None, str | None]:
    """A token a role; nobody signs in as SYSTEM."""
    found: dict[Role | None, str | None] = {
        role: api.token(role.value, XIHU if role is Role.REVIEWER else None) for role in Role if role is not Role.SYSTEM
    }
    return found | {None: None}


def may(role: Role | None, action: Action | None) -> bool:
    """Whether the policy lets a role ask."""
    return action is None or action in RIGHTS[role].actions


def well_denied(role: Role | None, action: Action | None, refusal: dict[str, Any]) -> bool:
    """Whether a denial says who is asked for: nobody is told to sign in, a role which ones may, and neither how it is kept."""
    code, message = refusal["code"], refusal["message"]
    if any(re.search(rf"\b{word}\b", message) for word in (*Action, "SYSTEM")):
        return False
    if role is None:
        return code == "UNAUTHENTICATED" and "Bearer" in message
    allowed = {each for each in RIGHTS if each not in {None, Role.SYSTEM} and may(each, action)} if action else set()
    return code == "NOT_PERMITTED" and all(each in message for each in allowed)


def ill_denied(role: Role | None, action: Action | None, errors: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The errors of a query that a role may not ask which do not say who may."""
    told = () if may(role, action) else errors
    return [each for each in told if not well_denied(role, action, each["extensions"] | {"message": each["message"]})]


def test_every_field_of_the_schema_has_a_rule() -> None:
    """A new field without one fails here, and so does a rule for a field that is gone."""
    names = [name for root in ("query", "mutation", "subscription") for name in fields(root)]
    assert len(names) > 30
    assert sorted(names) == sorted(FIELDS)


def test_the_printed_matrix_is_the_codes() -> None:
    """``python -m application.permissions > docs/permissions.md`` was run after the last change."""
    assert (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8") == matrix()


def test_queries_are_open_to_the_roles_of_the_policy(api: Api) -> None:
    """Each role asks each query: refused exactly where the policy says so; a foreign case looks like none."""
    own, other = api.submit(), api.submit(authorityCode=NINGBO, token=api.token("APPLICANT", subject="another"))
    api.ask(
        'query ($p: Position) { case(id: "' + MISSING + '", atLeast: $p) { id } }',
        {"p": other["position"]},
        api.token("AUDITOR"),
    )
    cells, wrong = 0, []
    for role, token in tokens(api).items():
        for name, field in fields("query").items():
            answers = {}
            for whose, case in (("own", own["case"]["id"]), ("other", other["case"]["id"]), ("missing", MISSING)):
                special = SPECIAL | NAMING.get(name, lambda _: {})(case)
                special |= {"holder": "x"} if name == "holderFile" else {}
                special.pop("ref") if name == "holderFile" else None
                answer = api.post("{ " + call(name, field, special) + " }", None, token).json()
                codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
                answers[whose] = answer.get("data")
                cells += 1
                if (not DENIED.isdisjoint(codes)) == may(role, FIELDS[name]) or "INTERNAL" in codes:
                    wrong.append((role, name, whose, codes))
                wrong += [(role, name, error) for error in ill_denied(role, FIELDS[name], answer.get("errors", ()))]
                if "GRAPHQL_VALIDATION_FAILED" in codes:
                    wrong.append((role, name, answer))
            if name in NAMING and may(role, Action.READ_CASES):
                seen = [whose for whose, data in answers.items() if data and data[name] not in (None, [None])]
                expected = ["own"] if role in {Role.APPLICANT, Role.REVIEWER} else ["own", "other"]
                if seen != expected:
                    wrong.append((role, name, seen, expected))
                if answers["missing"] not in ({name: None}, {name: [None]}):
                    wrong.append((role, name, answers["missing"]))
    assert wrong == []
    assert cells == 3 * 7 * len(fields("query"))


def test_mutations_are_open_to_the_roles_of_the_policy(api: Api) -> None:
    """Each role tries each mutation on its own, a foreign and a missing case; the last two are refused word for word alike."""
    own, other = api.submit(), api.submit(authorityCode=NINGBO, token=api.token("APPLICANT", subject="another"))
    before = api.registry.journal.last_position()
    cells, wrong = 0, []
    for role, token in tokens(api).items():
        for name, field in fields("mutation").items():
            if name == "submitCase" and may(role, Action.SUBMIT):
                continue  # it names no case; whoever may submit is tested by every story
            refusals = {}
            for whose, case in (("own", own["case"]["id"]), ("other", other["case"]["id"]), ("missing", MISSING)):
                special = SPECIAL | {"caseId": f'"{case}"', "expectedVersion": "999"}
                answer = api.post("mutation { " + call(name, field, special) + " }", None, token).json()
                assert "errors" not in answer, (role, name, answer)
                refusal = refusals[whose] = answer["data"][name]["refusal"]
                cells += 1
                if refusal is None or (refusal["code"] in DENIED) == may(role, FIELDS[name]):
                    wrong.append((role, name, whose, refusal))
                elif refusal["code"] in DENIED and not well_denied(role, FIELDS[name], refusal):
                    wrong.append((role, name, refusal))
            if "caseId" in field.args and may(role, FIELDS[name]):
                if refusals["other"] != refusals["missing"] or refusals["missing"]["code"] != "UNKNOWN_CASE":
                    wrong.append((role, name, refusals))
                if refusals["own"]["code"] != "STALE_VERSION":
                    wrong.append((role, name, refusals["own"]))
    assert wrong == []
    assert cells == 3 * (7 * len(fields("mutation")) - 2)
    assert api.registry.journal.last_position() == before


@pytest.mark.parametrize("name", list(fields("subscription")))
def test_subscriptions_are_open_to_the_roles_of_the_policy(api: Api, name: str) -> None:
    """Each role tries to follow; refused exactly where the policy says so."""
    document = "subscription { " + call(name, fields("subscription")[name], {}) + " }"

    async def codes(role: Role | None) -> list[str]:
        actor = Actor(subject="x", role=role, authority_code=XIHU) if role else None
        context = Context(services=services_of(api.registry), actor=actor, client=None, request_id="r")
        stream: Any = await SCHEMA.subscribe(document, context_value=context)
        try:
            result = await asyncio.wait_for(anext(stream), 0.1)
        except TimeoutError:
            return []  # it has begun: nothing happens
        return [getattr(error.original_error, "code", "?") for error in result.errors or ()]

    async def all_codes() -> dict[Role | None, list[str]]:
        return {role: await codes(role) for role in (None, *Role)}

    for role, found in asyncio.run(all_codes()).items():
        assert (not DENIED.isdisjoint(found)) != may(role, FIELDS[name]), (role, found)
