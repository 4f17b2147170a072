"""ariadne-codegen: a typed client generated from the published schema and the same operations."""

from __future__ import annotations

from registry_client import Client
from telling import CASE, HEADERS, PAST, URL, Checks

checks = Checks()
with Client(url=URL, headers=HEADERS) as client:
    answer = client.present_and_past(id=CASE)
    assert answer.present is not None
    assert answer.past is not None
    history = [event.model_dump() for event in answer.present.history]
    checks.told_apart(answer.present.model_dump(), answer.past.model_dump(), history)
    again = client.again(ids=[PAST, "case.none"])
    checks.same("looked up again", [each and each.id for each in again.nodes], [PAST, None])
    last = client.last_cases(count=1)
    checks.same("the last page", [len(last.cases.edges), last.cases.page_info.has_previous_page], [1, True])
checks.said("typed client generated, its models read every answer")
