"""What ``recognition case`` asks of a server, under the names by which its commands show it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from console.remote.asking import document
from console.talk import jsonable

if TYPE_CHECKING:
    from console.remote.client import Server


def case_and_title(server: Server, number: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """A case and its title; None for what is not there or not the bearer's to see. Raises ``ServerFailed``, as all of these do."""
    case = server.ask(document("case-show"), {"caseNumber": number})["case"]
    return (None, None) if case is None else (case, case.pop("title"))


def history(server: Server, number: str) -> list[dict[str, Any]]:
    """Every event of a case; none where there is no such case."""
    found: list[dict[str, Any]] = []
    after: int | None = None
    while True:
        case = server.ask(document("case-history"), {"caseNumber": number, "after": after})["case"]
        if case is None or not case["history"]:
            return found
        found += [_event(each) for each in case["history"]]
        after = found[-1]["version"]


def due(server: Server, state: str, authority: str | None) -> list[dict[str, Any]]:
    """The deadlines that stand in a state, of an authority or of all that the bearer sees."""
    variables = {"filter": {"deadline": state, "authorityCode": authority}}
    found = [
        {name: case[name] for name in ("caseNumber", "status", "authorityCode")} | deadline
        for case in server.pages(document("case-due"), variables, "cases")
        for deadline in case["deadlines"]
        if deadline["state"] == state
    ]
    return sorted(found, key=lambda each: (each["dueOn"], each["caseNumber"]))


def integrity(server: Server, in_force_on: date | None) -> list[dict[str, Any]]:
    """The records of the integrity archive, in force on a day where one is given."""
    pages = server.pages(document("case-integrity"), {"inForceOn": jsonable(in_force_on)}, "integrityRecords")
    return [_record(each) for each in pages]


def _record(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "recordId": record["id"],
        "caseNumber": record["caseNumber"],
        "holderRef": record["holder"]["ref"],
        "authorityCode": record["authority"]["code"],
        **{name: record[name] for name in ("ground", "findings", "filedOn", "lapsesOn", "overturned")},
    }


def _event(event: dict[str, Any]) -> dict[str, Any]:
    actor = event.pop("actor")
    by = " ".join(filter(None, [actor["role"], actor["subject"], actor["authorityCode"]]))
    return {**event, "by": by, "state": event["state"]["status"]}
