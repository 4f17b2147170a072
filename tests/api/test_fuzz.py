"""Documents that a generator makes from the published schema, against a running server: whatever it answers, never a 5xx."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from domain.values import Role
from tests.api.conftest import XIHU, Api

PUBLISHED = Path(__file__).resolve().parents[2] / "graphql" / "schema.graphql"
EXAMPLES = 8

schemathesis.graphql.scalar("Date", st.dates().map(lambda day: nodes.String(day.isoformat())))
schemathesis.graphql.scalar(
    "DateTime", st.datetimes(timezones=st.timezones()).map(lambda at: nodes.String(at.isoformat(timespec="seconds")))
)
schemathesis.graphql.scalar("Position", st.integers(0, 10**18).map(lambda number: nodes.String(str(number))))


def test_generated_documents_never_break_the_server(api: Api) -> None:
    """Each field of the schema, by a role that may ask and without a token: 2xx or 4xx, and no INTERNAL among the errors."""
    api.registry.reads._patience = 0.01  # positions that never come are asked for
    done = api.approved()
    assert done["refusal"] is None
    schema = schemathesis.graphql.from_file(PUBLISHED.read_text(encoding="utf-8"))
    tokens = [
        None,
        *(api.token(role.value, XIHU if role is Role.REVIEWER else None) for role in Role if role is not Role.SYSTEM),
    ]
    answers: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(20261123)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), token=st.sampled_from(tokens))
        def ask(case: schemathesis.Case, token: str | None) -> None:
            answer = api.post(str(case.body), None, token)
            answers[answer.status_code] += 1
            assert answer.status_code < 500, answer.text
            errors = answer.json().get("errors") or ()
            assert "INTERNAL" not in {error["extensions"]["code"] for error in errors}, (case.body, answer.text)

        ask()
    assert set(answers) <= {200, 400, 429}
    assert answers[200] >= 100
    assert answers.total() >= 200
