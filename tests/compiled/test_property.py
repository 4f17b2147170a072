"""Generated documents: both paths answer alike, whoever asks."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from compiled.roots import ROOTS
from graphql import GraphQLObjectType, get_named_type
from registry_api.schema import build_schema
from tests.compiled.conftest import Stage
from transport.documents import InvalidDocumentError
from transport.execution import core_schema

CORE: Final = core_schema(build_schema())
CATALOG: Final = "zj-2023-digital-equipment-materials"
LEFT_OUT: Final = {"history", "warnings", "changes", "aliasChanges", "wordChanges", "vocabulary", "aliases", "notes"}
"""Fields that lead away from what is compiled; a test of their own asks for them."""
ARGUMENTS: Final = {
    ("Catalog", "version"): [
        "",
        "(number: 1)",
        "(number: 7)",
        '(effectiveOn: "2026-01-01")',
        '(effectiveOn: "2020-01-01")',
    ],
    ("Catalog", "entryHistory"): ["(number: 3)"],
    ("CatalogVersion", "entry"): ["(number: 3)", "(number: 9999)"],
    ("CatalogVersion", "entries"): [
        "",
        "(first: 2)",
        '(search: "aws", first: 3)',
        "(last: 2)",
        '(field: "材料", first: 1)',
    ],
}


@st.composite
def selection(draw: Any, kind: GraphQLObjectType, depth: int) -> str:
    """A selection set: fields, aliases, fragments, directives and ``__typename``, at random."""
    names = [name for name in kind.fields if name not in LEFT_OUT]
    parts: list[str] = []
    for name in draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=6)):
        if name == "__typename":
            parts.append(draw(st.sampled_from(["__typename", "kindOf: __typename"])))
            continue
        field = kind.fields[name]
        inner = get_named_type(field.type)
        below = ""
        if isinstance(inner, GraphQLObjectType):
            if depth == 0:
                continue
            below = " " + draw(selection(inner, depth - 1))
        elif hasattr(inner, "fields"):
            continue
        arguments = draw(st.sampled_from(ARGUMENTS.get((kind.name, name), [""])))
        alias = f"a{draw(st.integers(0, 10**6))}: " if arguments or draw(st.integers(0, 4)) == 0 else ""
        directive = draw(
            st.sampled_from(
                ["", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: $no)", " @include(if: true)"]
            )
        )
        parts.append(f"{alias}{name}{arguments}{directive}{below}")
    parts = parts or ["__typename"]
    match draw(st.integers(0, 5)):
        case 0:
            return "{ ... on " + kind.name + " { " + " ".join(parts) + " } }"
        case 1:
            return "{ ... @include(if: $yes) { " + " ".join(parts) + " } __typename }"
        case 2 if "id" in kind.fields and len(kind.interfaces):
            return "{ ... on Node { id } " + " ".join(parts) + " }"
    return "{ " + " ".join(parts) + " }"


@st.composite
def question(draw: Any, stage: Stage) -> tuple[str, dict[str, Any]]:
    """An operation with one or two root fields, and its variables."""
    assert CORE.query_type is not None
    roots, variables = [], {"yes": draw(st.booleans()), "no": draw(st.booleans())}
    for number in range(draw(st.sampled_from([1, 1, 1, 2]))):
        name = draw(st.sampled_from(sorted(ROOTS)))
        inner = get_named_type(CORE.query_type.fields[name].type)
        assert isinstance(inner, GraphQLObjectType)
        arguments = draw(arguments_of(stage, name))
        for key, (_, value) in arguments.items():
            variables[f"{key}{number}"] = value
        asked = ", ".join(f"{key}: ${key}{number}" for key in arguments)
        roots.append(
            (f"r{number}: {name}{f'({asked})' if asked else ''} {draw(selection(inner, 3))}", arguments, number)
        )
    declared = "".join(f", ${key}{number}: {kind}" for _, some, number in roots for key, (kind, _) in some.items())
    return (
        f"query ($yes: Boolean!, $no: Boolean!{declared}) {{ {' '.join(text for text, _, _ in roots)} used: __typename @skip(if: $yes) again: __typename @skip(if: $no) }}",
        variables,
    )


def arguments_of(stage: Stage, name: str) -> st.SearchStrategy[dict[str, tuple[str, Any]]]:
    """Arguments of a root field, good and bad."""
    numbers = st.sampled_from([*stage.people.values(), "110101199003071233", "nonsense"])
    cases = st.sampled_from(
        [*(each["id"] for each in stage.cases.values()), "case.none", "case.00000000-0000-4000-8000-000000000000"]
    )
    case_numbers = st.sampled_from([each["caseNumber"] for each in stage.cases.values()] + ["ZJ-0"])
    names = st.sampled_from([f"王{each}" for each in stage.people] + [""])
    page = st.sampled_from(
        [
            {},
            {"first": ("Int", 2)},
            {"last": ("Int", 2)},
            {"first": ("Int", -1)},
            {"first": ("Int", 500)},
            {"after": ("String", "x")},
        ]
    )
    match name:
        case "titles":
            return numbers.map(lambda number: {"holder": ("HolderInput!", {"idNumber": number})})
        case "titleList":
            which = st.sampled_from(
                [
                    {},
                    {"status": "REVOKED"},
                    {"field": "数字经济", "status": "CURRENT"},
                    {"nonsense": 1},
                    {"recognizedFrom": "2026-01-01"},
                ]
            )
            return st.tuples(page, which).map(lambda both: {**both[0], "filter": ("TitleFilter", both[1])})
        case "cases":
            which = st.sampled_from(
                [
                    {},
                    {"status": ["APPROVED"]},
                    {"status": "MATCHED"},
                    {"deadline": "RUNNING"},
                    {"submittedBy": "APPLICANT-anywhere"},
                ]
            )
            return st.tuples(page, which).map(lambda both: {**both[0], "filter": ("CaseFilter", both[1])})
        case "case":
            return st.one_of(
                cases.map(lambda each: {"id": ("ID", each)}),
                case_numbers.map(lambda each: {"caseNumber": ("String", each)}),
            )
        case "verifyTitle":
            return st.tuples(case_numbers, names).map(
                lambda both: {"caseNumber": ("String", both[0]), "holderName": ("String!", both[1])}
            )
        case "verifyTitles":
            one = st.one_of(
                st.builds(lambda c, n: {"caseNumber": c, "holderName": n}, case_numbers, names),
                st.builds(lambda c, n: {"certificateNumber": f"AWS-{c}", "holderName": n}, st.integers(1, 12), names),
            )
            return st.lists(one, max_size=4).map(lambda some: {"questions": ("[VerificationInput!]!", some)})
        case "catalog":
            return st.sampled_from([CATALOG, "none"]).map(lambda code: {"code": ("String!", code)})
    raise AssertionError(name)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_both_paths_answer_alike(stage: Stage, data: st.DataObject) -> None:
    """Whatever is asked, by whom, with a reason or without: byte for byte the same, and the same noted as shown in clear."""
    document, variables = data.draw(question(stage))
    who = data.draw(st.sampled_from(sorted(stage.actors())))
    reason = data.draw(st.sampled_from([None, "an inspection"]))
    try:
        both = stage.both(document, variables, stage.actors()[who], reason)
    except InvalidDocumentError:
        return  # two fields of one name with other arguments: no operation
    event(both.share)
    assert both.alike, (document, variables, who, reason, both)


def test_most_of_what_is_generated_is_compiled(stage: Stage) -> None:
    """The property would hold of a compiler that covers nothing: it covers what people ask."""
    documents = [
        "query ($n: String!) { titles(holder: {idNumber: $n}) { id ...T } } fragment T on RecognizedTitle { title holder { name } }",
        "{ titleList(first: 2) { edges { node { id entry { awards { title } } } } } }",
        f'{{ catalog(code: "{CATALOG}") {{ version {{ entries(first: 1) {{ nodes {{ id }} }} }} }} }}',
        "{ cases { nodes { id award { title } deadlines { kind state } } } __typename }",
    ]
    shares = [stage.both(each, {"n": stage.people["plain"]}, stage.actors()["AUDITOR"]).share for each in documents]
    assert shares == ["compiled"] * len(documents)
