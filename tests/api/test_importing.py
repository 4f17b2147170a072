"""Decisions of before the registry: brought in from a signed file, shown like any title, and told apart from what was decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import psycopg
import pytest

from application import importing
from application.importing import RowOutcome
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Provenance, Role
from infrastructure.audit.check import check_all
from infrastructure.composition import Registry
from tests.api.conftest import HANGZHOU, Api
from tests.people import resident_number

NAME, BODY = "AWS Certified Solutions Architect - Professional", "亚马逊"
DIGEST = "ab" * 32


@dataclass
class Row:
    """A row as a file has it."""

    row: int
    cells: dict[str, str]
    problems: tuple[str, ...] = field(default=())


def rows(number: int, **changes: str) -> list[Row]:
    """So many sound decisions, each of a person and certificate of its own, but for what is the same in all."""
    return [
        Row(
            each,
            {
                "name": "李明",
                "id_number": resident_number(900 + each),
                "certificate": NAME,
                "issuer": BODY,
                "certificate_number": f"OLD-{each}",
                "authority": HANGZHOU,
                "work_field": "数字经济",
                "entry": "56",
                "submitted_on": "2024-01-08",
                "decided_on": "2024年2月5日",
                "months": "24",
                "reference": "杭经信〔2024〕7号",
            }
            | changes,
        )
        for each in range(1, number + 1)
    ]


def administrator(subject: str) -> Provenance:
    """Somebody who signs or imports."""
    return Provenance(actor=Actor(subject=subject, role=Role.ADMINISTRATOR))


def brought(registry: Registry, listed: Sequence[Row], digest: str = DIGEST) -> list[RowOutcome]:
    """Sign a file, bring all of it in by another, and record that it is finished; what became of each row, in order."""
    registry.imports.sign(administrator("first"), digest, len(listed))
    begun = registry.imports.begin(administrator("second"), digest)
    found = sorted(registry.imports.take_in(administrator("second"), begun, listed), key=lambda each: each.row)
    refused = sum(each.refused is not None for each in found)
    registry.imports.finish(administrator("second"), digest, len(found) - refused, refused)
    return found


def topics(api: Api) -> dict[str, int]:
    """How many events of each topic there are."""
    with psycopg.connect(api.registry.database.app_url) as connection:
        return dict(connection.execute("SELECT topic, count(*) FROM registry.events GROUP BY topic").fetchall())


def test_imported_titles_are_titles(api: Api) -> None:
    """A title shows its own day, authority and number; the history says that it was imported; nothing is matched; the audit is content."""
    found = brought(api.registry, rows(3))
    assert [each.refused for each in found] == [None] * 3
    api.registry.projections.run_until_caught_up()
    document = """{ cases(first: 10) { nodes { id caseNumber status submittedAt award { title } authority { code }
        title { status recognizedOn validForAppointment countedExperienceMonths authority { code } }
        history(first: 5) { type summary } } } }"""
    nodes = api.ask(document, None, api.token("REVIEWER", HANGZHOU))["cases"]["nodes"]
    assert {each["caseNumber"] for each in nodes} == {each.case_number for each in found}
    for each in nodes:
        assert each["status"] == "APPROVED"
        assert each["submittedAt"].startswith("2024-01-07T16:00:00")
        assert each["title"] == {
            "status": "CURRENT",
            "recognizedOn": "2024-02-05",
            "validForAppointment": True,
            "countedExperienceMonths": 24,
            "authority": {"code": HANGZHOU},
        }
        [told] = each["history"]
        assert told["type"] == "recognition-case.imported"
        assert "imported" in told["summary"]
    assert topics(api)["recognition-case.imported"] == 3
    assert "recognition-case.matched" not in topics(api)
    assert check_all(api.registry.audited).findings == []


def test_each_row_is_taken_in_or_refused_by_itself(api: Api) -> None:
    """Whatever is wrong with one row, its neighbours are in, and it is told why."""
    listed = rows(11)
    faults = {
        2: ({"id_number": "123"}, RefusalCode.INVALID_INPUT),
        3: ({"decided_on": "yesterday"}, RefusalCode.INVALID_INPUT),
        4: ({"entry": "9999"}, RefusalCode.UNKNOWN_ENTRY),
        5: ({"authority": "330999-EI"}, RefusalCode.UNKNOWN_AUTHORITY),
        6: ({"version": "2"}, RefusalCode.OTHER_VERSION),
        7: ({"certificate_number": "old 1"}, RefusalCode.CERTIFICATE_ALREADY_CLAIMED),
        8: ({"id_number": resident_number(901), "certificate_number": ""}, RefusalCode.ENTRY_ALREADY_CLAIMED),
        9: ({"decision": "不予认定"}, RefusalCode.INVALID_INPUT),
        10: ({"submitted_on": "2023-10-31"}, RefusalCode.NO_VERSION_IN_FORCE),
    }
    for row, (changes, _) in faults.items():
        listed[row - 1].cells |= changes
    rehearsed = api.registry.imports.examine(administrator("second"), DIGEST, listed)
    codes = {each.row: each.code for each in rehearsed if each.refused is not None}
    assert codes == {row: code for row, (_, code) in faults.items()}
    found = brought(api.registry, listed)
    assert {each.row: each.code for each in found if each.refused is not None} == codes
    assert topics(api)["recognition-case.imported"] == 2
    assert check_all(api.registry.audited).findings == []


def test_a_person_with_two_titles_of_before_is_one_holder(api: Api) -> None:
    """Two rows about one number, within one batch: the second waits until the first is stored, and both are the holder's."""
    listed = rows(2, id_number=resident_number(950))
    listed[1].cells["entry"] = "57"
    assert [each.refused for each in brought(api.registry, listed)] == [None, None]
    with psycopg.connect(api.registry.database.app_url) as connection:
        [(holders,)] = connection.execute(
            "SELECT count(DISTINCT registry.stated(state, 'holder_ref')) FROM registry.events"
            " WHERE topic = 'recognition-case.imported'"
        ).fetchall()
    assert holders == 1


def test_who_was_here_before_is_known(api: Api) -> None:
    """An import meets the registry's own cases: the same person is the same holder, and a claimed certificate is refused."""
    case = api.submit(
        holder={"name": "李明", "idNumber": resident_number(901)}, certificate={"certificateNumber": "OLD-2"}
    )
    assert case["refusal"] is None
    entry = str(case["case"]["entry"]["number"])
    first, second = brought(api.registry, rows(2, entry=entry))
    assert first.code is RefusalCode.ENTRY_ALREADY_CLAIMED
    assert second.code is RefusalCode.CERTIFICATE_ALREADY_CLAIMED
    third = rows(1, entry="60", certificate_number="OLD-3")
    assert [each.refused for each in brought(api.registry, third, "cd" * 32)] == [None]


def test_two_administrators_and_one_file_once(api: Api) -> None:
    """Unsigned, nothing is imported; whoever signed does not import; what is finished is imported no more."""
    imports, listed = api.registry.imports, rows(1)
    with pytest.raises(Refused, match="signed"):
        imports.begin(administrator("second"), DIGEST)
    imports.sign(administrator("first"), DIGEST, 1)
    with pytest.raises(Refused, match="already"):
        imports.sign(administrator("third"), DIGEST, 1)
    with pytest.raises(Refused) as same:
        imports.begin(administrator("first"), DIGEST)
    assert same.value.code is RefusalCode.SAME_ADMINISTRATOR
    with pytest.raises(Refused) as officer:
        imports.begin(Provenance(actor=Actor(subject="o", role=Role.REVIEWER, authority_code=HANGZHOU)), DIGEST)
    assert officer.value.code is RefusalCode.NOT_PERMITTED
    begun = imports.begin(administrator("second"), DIGEST)
    assert [each.code for each in imports.take_in(administrator("first"), begun, listed)] == [
        RefusalCode.SAME_ADMINISTRATOR
    ]
    assert [each.refused for each in imports.take_in(administrator("second"), begun, listed)] == [None]
    imports.finish(administrator("second"), DIGEST, 1, 0)
    with pytest.raises(Refused, match="not under way"):
        imports.begin(administrator("second"), DIGEST)


def test_what_was_broken_off_goes_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is stored when an import stops is not stored again, and the rest follows."""
    monkeypatch.setattr(importing, "AT_ONCE", 4)
    imports, listed = api.registry.imports, rows(10)
    imports.sign(administrator("first"), DIGEST, 10)
    begun = imports.begin(administrator("second"), DIGEST)
    broken_off = imports.take_in(administrator("second"), begun, listed)
    assert len(list(islice(broken_off, 5))) == 5
    broken_off.close()  # type: ignore[attr-defined]  # the generator of an import that nobody follows any more
    again = imports.begin(administrator("second"), DIGEST)
    found = sorted(imports.take_in(administrator("second"), again, listed), key=lambda each: each.row)
    assert [each.refused for each in found] == [None] * 10
    assert 5 <= sum(each.already for each in found) <= 8
    assert topics(api)["recognition-case.imported"] == 10
    assert topics(api)["decision-import.begun"] == 1


def test_nobody_brings_in_what_nobody_signed(api: Api, database: Any) -> None:
    """A title put into the store as if imported, from a file that another never signed, is found by the audit."""
    brought(api.registry, rows(1))
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM registry.events WHERE topic = 'decision-import.signed'")
    rules = {each.rule for each in check_all(api.registry.audited).findings}
    assert "imports_are_signed" in rules


def test_a_holder_of_before_is_erased_like_any(api: Api) -> None:
    """Their key is destroyed and their title ends, once nothing keeps their data any more."""
    [found] = brought(api.registry, rows(1))
    api.registry.projections.run_until_caught_up()
    officer = api.token("PRIVACY_OFFICER")
    ask = "{ cases(first: 1) { nodes { caseNumber holder { ref } } } }"
    [node] = api.ask(ask, None, officer)["cases"]["nodes"]
    assert node["caseNumber"] == found.case_number
    erase = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47") { refusal { code } } }'
    assert api.ask(erase, {"ref": node["holder"]["ref"]}, officer)["eraseHolder"]["refusal"] is None
    assert check_all(api.registry.audited).findings == []
