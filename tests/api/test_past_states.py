"""A state that was has an identifier of its own: what a client keeps under it is never taken for the present."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.api.catalogs import CODE, added, administrator, amendment, propose, revised
from tests.api.conftest import NINGBO, XIHU, Api

pytestmark = pytest.mark.registry("shared")

CASE_FIELDS = """id __typename version status decidedAt holder { ref name idNumber } certificate { name certificateNumber }
    evidence { sha256 fileName } authority { code } award { title } entry { id __typename } catalogVersion { id __typename }"""
TITLE_FIELDS = """id __typename titleStatus: status titleName: title revokedOn revocationGround validForAppointment countedExperienceMonths
    holder { ref name } awardedOn: entry { id __typename qualificationName untilVersion }"""
CASE = f"{CASE_FIELDS} title {{ {TITLE_FIELDS} }}"
HISTORY = f"history {{ position version recordedAt state {{ {CASE} }} }}"
NODE = f"id __typename ... on RecognitionCase {{ {CASE} }} ... on RecognizedTitle {{ {TITLE_FIELDS} }}"
NODES = f"query ($ids: [ID!]!, $at: Position) {{ nodes(ids: $ids, atLeast: $at) {{ {NODE} }} }}"
NODE_ALONE = f"query ($id: ID!) {{ node(id: $id) {{ {NODE} }} }}"
PAST = f"query ($id: ID!, $at: Position) {{ case(id: $id, atLeast: $at) {{ {HISTORY} }} }}"


def second(api: Api) -> str:
    """Another officer of the same bureau."""
    return api.token("REVIEWER", XIHU, "second-officer")


def reviewer(api: Api) -> str:
    """An officer who sees persons in clear."""
    return api.token("REVIEWER", XIHU)


def revoked(api: Api, **changes: Any) -> tuple[str, str]:
    """A case whose title was approved and revoked: its identifier, and the position to wait for."""
    case = api.approved(**changes)["case"]["id"]
    return case, api.revoked(case)["position"]


def history(api: Api, case: str, at: str, token: str | None = None) -> list[dict[str, Any]]:
    """The events of a case, each with the state it left."""
    events: list[dict[str, Any]] = api.ask(PAST, {"id": case, "at": at}, token or reviewer(api))["case"]["history"]
    return events


def test_each_state_of_a_history_has_an_identifier_of_its_own(api: Api) -> None:
    """The latest too, and so has the title of each state."""
    case, at = revoked(api)
    states = [event["state"] for event in history(api, case, at)]
    assert [state["id"] for state in states] == [f"{case}@{version}" for version in range(1, 8)]
    titles = [state["title"]["id"] for state in states if state["title"]]
    assert len(titles) == len(set(titles)) == 5
    positions = [event["position"] for event in history(api, case, at)][2:]
    present = api.ask(f"query ($id: ID!) {{ case(id: $id) {{ {CASE} }} }}", {"id": case}, reviewer(api))["case"]
    assert present["id"] == case
    assert "@" not in present["title"]["id"]
    assert titles == [f"{present['title']['id']}@{position}" for position in positions]


def test_a_state_asked_for_by_version_or_instant_has_the_identifier_of_the_history(api: Api) -> None:
    """One state, one identifier, however it is asked for; by the past identifier too."""
    case, at = revoked(api)
    by_version = f"query ($id: ID!, $v: Int) {{ case(id: $id, atVersion: $v) {{ {CASE} }} }}"
    by_instant = f"query ($id: ID!, $t: DateTime) {{ case(id: $id, asOf: $t) {{ {CASE} }} }}"
    by_name = f"query ($id: ID!) {{ case(id: $id) {{ {CASE} }} }}"
    for event in history(api, case, at):
        state, version = event["state"], event["version"]
        assert api.ask(by_version, {"id": case, "v": version}, reviewer(api))["case"] == state
        assert api.ask(by_name, {"id": state["id"]}, reviewer(api))["case"] == state
        then = api.ask(by_instant, {"id": case, "t": event["recordedAt"]}, reviewer(api))["case"]
        # A case and its match are recorded at one instant; the later of the two is what was known then.
        assert then["id"] == state["id"] or then["version"] == version + 1


# ── a normalising cache in miniature ──────────────────────────────────────────────────────────────────────────────
class Cache:
    """What Apollo and Relay do: every object with an identifier is kept once, field by field, and others point to it."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.clashes: list[tuple[str, str, Any, Any]] = []

    def keep(self, value: Any) -> Any:
        """Take an answer in; what stands in its place where it was nested."""
        if isinstance(value, list):
            return [self.keep(each) for each in value]
        if not isinstance(value, dict):
            return value
        kept = {name: self.keep(each) for name, each in value.items()}
        if "id" not in kept:
            return kept
        key = f"{kept['__typename']}:{kept['id']}"
        record = self.held.setdefault(key, {})
        for name, each in kept.items():
            if record.setdefault(name, each) != each:
                self.clashes.append((key, name, record[name], each))
        return {"__ref": key}


def questions(place: int, case: str, events: list[dict[str, Any]]) -> list[str]:
    """Root fields that ask for a case and its title now, by every version and instant there was, and by every name."""
    now = events[-1]["state"]
    of = f'holder: {{idNumber: "{now["holder"]["idNumber"]}"}}'
    asked = [f'c{place}: case(id: "{case}") {{ {CASE} {HISTORY} }}', f"t{place}: titles({of}) {{ {TITLE_FIELDS} }}"]
    for event in events:
        key, instant = f"{place}_{event['version']}", event["recordedAt"]
        which = f'certificateNumber: "{now["certificate"]["certificateNumber"]}", holderName: "王敏", asOf: "{instant}"'
        asked += [
            f'v{key}: case(id: "{case}", atVersion: {event["version"]}) {{ {CASE} }}',
            f'i{key}: case(id: "{case}", asOf: "{instant}") {{ {CASE} }}',
            f'n{key}: node(id: "{event["state"]["id"]}") {{ {NODE} }}',
            f't{key}: titles({of}, asOf: "{instant}") {{ {TITLE_FIELDS} }}',
            f"y{key}: verifyTitle({which}) {{ valid title {{ {TITLE_FIELDS} }} }}",
        ]
    return asked


def documents(asked: list[str]) -> list[str]:
    """The questions in documents within the limits, the present in each."""
    present = f"cases {{ nodes {{ {CASE} }} }} titleList {{ nodes {{ {TITLE_FIELDS} }} }}"
    return [f"{{ {present} {' '.join(asked[n : n + 6])} }}" for n in range(0, len(asked), 6)]


def play(api: Api, dice: Random, case: str) -> str:
    """Random acts on a case, each by whom it belongs to; the position of the last one recorded."""
    acts: list[tuple[str, str, dict[str, Any]]] = [
        ("requestSupplement", reviewer(api), {"reason": "a copy"}),
        ("supplementCase", api.token("APPLICANT"), {"evidence": [FILE | {"sha256": f"{dice.randrange(16):x}" * 64}]}),
        ("approveCase", reviewer(api), {"workConsistent": dice.random() < 0.5, "countedExperienceMonths": 7}),
        ("approveCase", reviewer(api), {"workConsistent": True}),
        ("proposeRevocation", reviewer(api), {"ground": f"g{dice.random()}", "findings": "f"}),
        ("giveNotice", reviewer(api), {"servedOn": "2026-11-23"}),
        ("answerProposal", api.token("APPLICANT"), {"statement": "it is genuine"}),
        ("confirmRevocation", second(api), {}),
        ("reinstateTitle", api.token("REVIEWER", XIHU, "third-officer"), {"reason": "after all"}),
        ("confirmReinstatement", api.token("REVIEWER", XIHU, "fourth-officer"), {}),
    ]
    position = ""
    for mutation, token, arguments in dice.choices(acts, weights=(1, 2, 2, 2, 3, 4, 4, 4, 3, 3), k=14):
        position = api.decide(mutation, case, token, **arguments)["position"] or position
    return position


FILE = {"sha256": "0" * 64, "fileName": "a.pdf", "mediaType": "application/pdf", "size": 12, "kind": "COPY"}


@pytest.mark.parametrize("seed", range(4))
def test_a_normalising_cache_never_holds_two_values_under_one_identifier(api: Api, seed: int) -> None:
    """Random histories; the present is asked for beside every past; each field of each identifier has one value."""
    dice = Random(seed)
    cases, position = [], ""
    for _ in range(2):
        submitted = api.submit()
        cases.append(submitted["case"]["id"])
        position = play(api, dice, cases[-1]) or submitted["position"]
    histories = {case: history(api, case, position) for case in cases}
    cache = Cache()
    asked = [each for place, (case, events) in enumerate(histories.items()) for each in questions(place, case, events)]
    for document in documents(asked):
        cache.keep(api.ask(document, None, reviewer(api)))
    assert cache.clashes == []
    past = [key for key in cache.held if "@" in key]
    assert len(past) >= sum(map(len, histories.values()))
    assert {key.partition(":")[0] for key in cache.held} >= {"RecognitionCase", "CatalogEntry", "CatalogVersion"}


@pytest.mark.registry("own")
def test_data_that_is_not_processed_is_so_in_every_state(api: Api) -> None:
    """A privacy officer, who alone sees it, reads of every state of a restricted person's case that it is."""
    case, at = revoked(api)
    events = history(api, case, at)
    holder, officer = events[0]["state"]["holder"], api.token("PRIVACY_OFFICER")
    document = 'mutation ($ref: ID!) { restrictHolder(ref: $ref, legalBasis: "x") { position } }'
    position = api.ask(document, {"ref": holder["ref"]}, officer)["restrictHolder"]["position"]
    history(api, case, position, officer)
    cache = Cache()
    for document in documents([each for each in questions(0, case, events) if not each.startswith("y")]):
        cache.keep(api.ask(document.replace("holder { ref", "holder { restricted ref"), None, officer))
    assert cache.clashes == []
    told = {held["holder"]["restricted"] for key, held in cache.held.items() if key.startswith("RecognitionCase:")}
    assert told == {True}


def test_the_cache_in_miniature_sees_a_clash() -> None:
    """Two values of one field under one identifier are told; the same value twice is none."""
    cache = Cache()
    cache.keep([{"__typename": "T", "id": "1", "a": 1}, {"x": {"__typename": "T", "id": "1", "a": 1}}])
    assert cache.clashes == []
    cache.keep({"__typename": "T", "id": "1", "a": 2})
    assert cache.clashes == [("T:1", "a", 1, 2)]


@pytest.mark.registry("own")
def test_what_is_only_proposed_of_a_catalog_is_none_of_its_entries(api: Api) -> None:
    """Two amendments of one base and the version that one becomes: each content of an entry has an identifier of its own."""
    administrators = administrator(api), api.token("ADMINISTRATOR", subject="another-administrator")
    texts = ("一", "二")
    proposals = [
        propose(
            api, amendment(1, "2026-11-23", revised(api, 11, translatedName=text), added(101, f"Sample {text}", text))
        )
        for text in texts
    ]
    assert [each["refusal"] for each in proposals] == [None, None]
    document = "mutation ($id: ID!) { issueAmendment(amendmentId: $id) { position refusal { code message } } }"
    issued = api.ask(document, {"id": proposals[0]["amendment"]["id"]}, administrators[1])["issueAmendment"]
    assert issued["refusal"] is None
    entry = "id __typename translatedName qualificationName fromVersion untilVersion"
    changes = f"changes {{ kind before {{ {entry} }} after {{ {entry} }} }}"
    found = api.ask(
        f"""query ($code: String!, $at: Position) {{
              catalog(code: $code, atLeast: $at) {{ id __typename versions {{ id __typename {changes} }} entryHistory(number: 11) {{ {entry} }} }}
              amendments(catalogCode: $code) {{ id __typename status {changes} }} }}""",
        {"code": CODE, "at": issued["position"]},
        administrators[0],
    )
    cache = Cache()
    cache.keep(found)
    assert cache.clashes == []
    entries = {key for key in cache.held if key.startswith("CatalogEntry:")}
    assert len(entries) == 5  # entry 11 of version 1, what was issued of 11 and 101, and what is only proposed of both
    assert len({key for key in entries if "proposed-entry" in key}) == 2


# ── looked up again ───────────────────────────────────────────────────────────────────────────────────────────────
def test_every_past_identifier_leads_back_to_the_same_answer(api: Api) -> None:
    """By ``node``, and by ``nodes`` in the order asked, duplicates and all."""
    case, at = revoked(api)
    states = [event["state"] for event in history(api, case, at)]
    wanted = {state["id"]: state for state in states} | {s["title"]["id"]: s["title"] for s in states if s["title"]}
    assert len(wanted) == 12
    for name, value in wanted.items():
        assert api.ask(NODE_ALONE, {"id": name}, reviewer(api))["node"] == value
    order = [*sorted(wanted), case, states[0]["id"], "catalog.none"]
    found = api.ask(NODES, {"ids": order, "at": at}, reviewer(api))["nodes"]
    assert [each and each["id"] for each in found] == [*order[:-1], None]
    assert all(each == wanted.get(each["id"], each) for each in found[:-1])


NOTHING = [
    "", "x", "case", "case.", "case.x", "title.x@1", "entry.1", "version.zj.x", "entry.zj.1.１", "case.{}@", "case.{}@0",
    "case.{}@01", "case.{}@-1", "case.{}@1@1", "case.{}@1.1", "case.{}@9", "case.{}@999999999999999999", "case.{}@x",
    "case.{}@１", "title.{}@1", "catalog-proposal.{}@1", "amendment.zj.{}@1", "CASE.{}", "unknown.{}",
]  # fmt: skip


def test_what_names_nothing_is_null_for_node_and_nodes(api: Api) -> None:
    """Malformed or unknown: null, never an error; what stands beside it in ``nodes`` is answered."""
    case, at = revoked(api)
    history(api, case, at)
    names = [each.format(case.partition(".")[2]) for each in NOTHING]
    for name in names:
        assert api.ask(NODE_ALONE, {"id": name}, reviewer(api))["node"] is None, name
    found = api.ask(NODES, {"ids": [*names, case, *names]}, reviewer(api))["nodes"]
    assert [each and each["id"] for each in found] == [None] * len(names) + [case] + [None] * len(names)


def test_nodes_are_bounded_and_cost_what_they_are(api: Api) -> None:
    """At most 200 at once; what stands below counts once an identifier, before anything is read."""
    case, _ = revoked(api)
    token = reviewer(api)
    small = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert len(api.ask(small, {"ids": [case] * 200}, token)["nodes"]) == 200
    assert api.code(small, {"ids": [case] * 201}, token) == "LIMIT_LIST"
    wide = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on RecognitionCase { history { state { id } } } } }"
    assert api.code(wide, {"ids": [case] * 200}, token) == "LIMIT_COST"
    assert "errors" not in api.post(wide, {"ids": [case] * 2}, token).json()
    literal = ", ".join([f'"{case}"'] * 150)
    assert api.code(f"{{ nodes(ids: [{literal}]) {{ ... on RecognitionCase {{ history {{ state {{ id }} }} }} }} }}", None, token) == "LIMIT_COST"  # fmt: skip


# ── whose rights ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_past_state_is_seen_by_whoever_sees_the_case_and_as_they_see_it(api: Api) -> None:
    """Each caller: ``node`` of a past identifier answers what the history of the case answers them, masked alike, or null."""
    case, at = revoked(api, token=api.token("APPLICANT"))
    full = history(api, case, at)
    names = [event["state"]["id"] for event in full]
    titles = [event["state"]["title"]["id"] for event in full if event["state"]["title"]]
    callers = {
        "nobody": None,
        "applicant": api.token("APPLICANT"),
        "other applicant": api.token("APPLICANT", subject="somebody-else"),
        "reviewer": reviewer(api),
        "reviewer elsewhere": api.token("REVIEWER", NINGBO),
        "auditor": api.token("AUDITOR"),
        "administrator": api.token("ADMINISTRATOR"),
        "verifier": api.token("VERIFIER"),
        "privacy officer": api.token("PRIVACY_OFFICER"),
    }
    seen = {}
    for who, token in callers.items():
        answer = api.post(PAST, {"id": case, "at": at}, token).json()
        shown = (answer.get("data") or {}).get("case")
        expected = [event["state"] for event in shown["history"]] if shown else [None] * len(names)
        assert api.ask(NODES, {"ids": names}, token)["nodes"] == expected, who
        seen[who] = shown is not None
        now = api.ask(NODES, {"ids": [each.partition("@")[0] for each in titles]}, token)["nodes"]
        then = api.ask(NODES, {"ids": titles}, token)["nodes"]
        assert [each is None for each in then] == [each is None for each in now], who
        assert all(each is None or each["holder"]["name"] == now[0]["holder"]["name"] for each in then), who
    assert [who for who, sees in seen.items() if not sees] == [
        "nobody", "other applicant", "reviewer elsewhere", "verifier",
    ]  # fmt: skip
    masked = api.ask(NODES, {"ids": names}, callers["auditor"])["nodes"]
    assert {each["holder"]["name"] for each in masked} == {None}


@pytest.mark.registry("own")
def test_reading_a_past_state_in_clear_is_recorded(api: Api) -> None:
    """As reading the case itself is."""
    case, at = revoked(api)
    log = "{ accessLog { nodes { operation fields } } }"

    def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api.ask(log, None, api.token("AUDITOR"))["accessLog"]["nodes"]
        return found

    history(api, case, at)
    before = len(read())
    api.ask(NODE_ALONE, {"id": f"{case}@2"}, reviewer(api))
    assert read()[before:] == [{"operation": "node", "fields": ["certificate", "evidence", "holder"]}]


# ── where the thing itself is meant ───────────────────────────────────────────────────────────────────────────────
def test_mutations_refuse_a_past_identifier(api: Api) -> None:
    """One sentence, one code, nothing recorded: whoever decides, decides the case as it stands."""
    case, at = revoked(api)
    before = api.registry.journal.last_position()
    document = 'mutation ($id: ID!) { reinstateTitle(caseId: $id, reason: "x") { position } }'
    error = api.post(document, {"id": f"{case}@2"}, second(api)).json()["errors"][0]
    assert error["extensions"]["code"] == "PAST_STATE"
    assert error["message"] == (
        "This identifier names a past state of the case, and here the case itself is meant; pass the part before the `@`."
    )
    assert api.code('mutation ($id: ID!) { confirmMatch(caseId: $id, entryNumber: 1, reason: "x") { position } }', {"id": f"{case}@1"}, second(api)) == "PAST_STATE"  # fmt: skip
    assert api.registry.journal.last_position() == before
    stream = "query ($id: ID!) { auditLog(streamId: $id) { nodes { position } } }"
    assert api.code(stream, {"id": f"{case}@2"}, api.token("AUDITOR")) == "PAST_STATE"
    both = "query ($id: ID!, $at: Position) { case(id: $id, atVersion: 1, atLeast: $at) { id } }"
    assert api.code(both, {"id": f"{case}@2", "at": at}, reviewer(api)) == "PAST_STATE"
    sent = api.client.post(
        "/evidence",
        params={"case": f"{case}@2"},
        content=b"%PDF-",
        headers={"Authorization": f"Bearer {reviewer(api)}"},
    )
    assert (sent.status_code, sent.json()["errors"][0]["extensions"]["code"]) == (400, "PAST_STATE")
