"""What a running server tells its operators: an entry a request, figures for Prometheus, and nothing about a person in either."""

from __future__ import annotations

import io
import json
import logging
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from application.cases import Cases
from console.logs import OWN, access_log, configure
from infrastructure.subject_digests import SubjectDigests
from tests.api.conftest import XIHU, Api, Clock, opened
from tests.conftest import Prepared
from tests.people import resident_number
from transport.observing import Handled

NAME, EMPLOYER, FIELD, BODY = "欧阳雾凇", "Glasharfenbau Irrlicht KG", "Steinmetzzeichenkunde", "Zunfthaus Nebelheim"
NUMBER, CERTIFICATE = resident_number(70_707), "QRX-88213-UNIKAT"
SUBJECT, OFFICER = "quendolin.applicant", "kartoffel.officer"
PROXY_NAMED = "203.0.113.77"
NEEDLES = [
    NAME,
    EMPLOYER,
    FIELD,
    BODY,
    NUMBER,
    CERTIFICATE,
    "UNIKAT",
    SUBJECT,
    OFFICER,
    "Quendolin",
    "Vierblatt",
    PROXY_NAMED,
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the process logs, as JSON; afterwards it logs as before."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level, own = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in OWN}
    configure("json", stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, before in own.items():
            logging.getLogger(name).setLevel(before)


@pytest.fixture
def api(prepared: Prepared, database: Any, tmp_path: Path, clock: Clock, log: io.StringIO) -> Iterator[Api]:
    """A registry whose log is kept."""
    shutil.copytree(prepared.folder, tmp_path, dirs_exist_ok=True)
    with opened(
        database,
        tmp_path,
        clock,
        lambda registry: access_log("json", SubjectDigests(registry.keyring), log),
        trusted_proxies=("192.0.2.1/32",),
    ) as api:
        yield api


def entries(log: io.StringIO) -> list[dict[str, Any]]:
    """The entries of a log: each line is JSON by itself."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


def figures(text: str) -> dict[str, float]:
    """Series by name and labels."""
    return {
        name: float(value)
        for line in text.splitlines()
        if not line.startswith("#")
        for name, _, value in [line.rpartition(" ")]
    }


def tell_a_story(api: Api, monkeypatch: pytest.MonkeyPatch) -> str:
    """A person submits, is refused, decided, verified and read; somebody asks nonsense, and the registry itself fails once.

    Answers the request id of the failure.
    """
    applicant, officer = api.token("APPLICANT", None, SUBJECT), api.token("REVIEWER", XIHU, OFFICER)
    form = {
        "holder": {"name": NAME, "idNumber": NUMBER},
        "workField": FIELD,
        "experience": [{"employer": EMPLOYER, "from": "2019-01-01", "to": "2021-01-01", "field": FIELD}],
    }
    payload = api.submit(applicant, certificate={"certificateNumber": CERTIFICATE, "grade": "Note Vierblatt"}, **form)
    case = payload["case"]["id"]
    again = api.submit(applicant, certificate={"certificateNumber": CERTIFICATE, "grade": "Note Vierblatt"}, **form)
    assert again["refusal"] is not None
    api.decide("approveCase", case, officer, workConsistent=True, countedExperienceMonths=12)
    api.post(f'query Quendolin {{ node(id: "{NAME}") {{ id }} }}', None, officer)
    api.post(f"query {{ nope{NAME} }}", None, officer)
    api.ask("query Quendolin { status { position } catalogs { code } }", None, officer)
    verify = "query Q($c: String, $n: String!) { verifyTitle(certificateNumber: $c, fullName: $n) { valid } }"
    api.post(verify, {"c": CERTIFICATE, "n": NAME})
    api.client.get(f"/cases/{NAME}", params={"q": NUMBER}, headers={"X-Forwarded-For": PROXY_NAMED, "Referer": SUBJECT})
    api.client.request("PROPFIND", "/healthz")
    for _ in range(2):
        api.ask("query Quendolin { cases(first: 1) { nodes { id status } } }", None, officer)

    def failing(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"the row of {NAME} with {NUMBER}")

    monkeypatch.setattr(Cases, "submit", failing)
    form_of = {
        "input": {
            "idempotencyKey": "k" * 8,
            **form,
            "authorityCode": XIHU,
            "evidence": [],
            "certificate": {"name": "AWS", "issuingBody": BODY, "certificateNumber": CERTIFICATE},
        }
    }
    answer = api.post(
        "mutation($input: SubmitCaseInput!) { submitCase(input: $input) { position } }", form_of, applicant
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL", answer.text
    return str(answer.headers["x-request-id"])


def test_a_story_leaves_entries_and_figures_and_no_person(
    api: Api, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry a request: instant, level, request id, a keyed digest of who asked, the operation by the schema's names, milliseconds.

    No name, number, address, subject or typed word is in the log or the figures, not even where a defect's message quotes one.
    """
    failed = tell_a_story(api, monkeypatch)
    metrics = api.client.get("/metrics")
    assert metrics.status_code == 200
    found = entries(log)
    requests = [each for each in found if each["event"] == "request"]
    assert len(requests) > 10
    for each in requests:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["instant"])
        assert each["level"] == "info"
        assert each["request_id"]
        assert each["ms"] >= 0
        assert each["status"] in {200, 303, 400, 405, 404, 500}
    submitted = [each for each in requests if each.get("operation") == "mutation submitCase"]
    assert len(submitted) == 3
    digests = {each["subject"] for each in submitted}
    assert len(digests) == 1
    assert re.fullmatch(r"[0-9a-f]{16}", digests.pop())
    assert ["CERTIFICATE_ALREADY_CLAIMED"] in [each.get("codes") for each in submitted]
    assert "query catalogs status" in {each.get("operation") for each in requests}
    assert {"/cases/{number}", "/graphql"} <= {each["route"] for each in requests}
    assert "OTHER" in {each["method"] for each in requests}
    [defect] = [each for each in found if each["level"] == "error"]
    assert defect["request_id"] == failed
    assert "RuntimeError" in defect["event"]
    for text in (log.getvalue(), metrics.text):
        said = text.casefold()
        assert [each for each in NEEDLES if each.casefold() in said] == []
    told = figures(metrics.text)
    assert told['recognition_request_seconds_count{operation="mutation submitCase"}'] == 3
    assert told['recognition_refusals_total{code="CERTIFICATE_ALREADY_CLAIMED"}'] == 1
    assert told['recognition_refusals_total{code="INTERNAL"}'] == 1
    assert told['recognition_queries_total{path="compiled"}'] >= 1
    assert told['recognition_queries_total{path="interpreted"}'] >= 1
    assert told["recognition_events_appended_total"] >= 3
    assert told["recognition_database_up"] == 1
    assert (told["recognition_feed_followers"], told["recognition_feed_stands_still"]) == (0, 0)
    assert told['recognition_projection_lag_events{projection="registry"}'] >= 0
    assert told["recognition_log_age_seconds"] >= 0
    assert told["recognition_deadlines_missed_total"] == 0
    assert told['recognition_pool_connections{pool="reads",state="open"}'] >= 1
    _promtool_accepts(metrics.text)


def _promtool_accepts(text: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        return  # tests/deploy says so once
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 3}, done.stderr  # 3: remarks of style, such as that 5xx would do for 500
    assert "error" not in done.stderr.casefold()


def test_figures_are_for_this_machine_or_whoever_bears_the_token(database: Any, tmp_path: Path, clock: Clock) -> None:
    """Asked through a proxy, or without the token where one is set, the address looks like one where nothing is."""
    with opened(database, tmp_path, clock) as api:
        assert api.client.get("/metrics").status_code == 200
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            hidden = api.client.get("/metrics", headers={header: "127.0.0.1"})
            assert (hidden.status_code, hidden.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    token = "t" * 20
    with opened(database, tmp_path, clock, metrics_token=token) as api:
        assert api.client.get("/metrics").status_code == 404
        assert api.client.get("/metrics", headers={"Authorization": f"Bearer {token[1:]}"}).status_code == 404
        sent = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
        assert "recognition_build_info" in api.client.get("/metrics", headers=sent).text


def test_figures_tell_that_the_database_is_away(database: Any, tmp_path: Path, clock: Clock) -> None:
    """They are answered all the same, without what only the database knows."""
    with opened(database, tmp_path, clock, pool_timeout=0.5) as api, psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE registry.backups RENAME TO elsewhere")
        owner.commit()
        told = figures(api.client.get("/metrics").text)
        owner.execute("ALTER TABLE registry.elsewhere RENAME TO backups")
    assert told["recognition_database_up"] == 0
    assert "recognition_events_appended_total" in told
    assert "recognition_events" not in told


def test_an_entry_reads_in_either_form() -> None:
    """For people one line of words; an exception is its frames and classes, without its message."""
    said = Handled(
        "POST", "/graphql", "query me", "somebody", compiled=True, codes=["A", "B"], status=200, seconds=0.00123
    )
    text, encoded = io.StringIO(), io.StringIO()
    access_log("text", lambda _subject: "0123", text)(said)
    access_log("json", lambda _subject: "0123", encoded)(said)
    assert " info request request_id= method=POST route=/graphql status=200 ms=1.23 subject=0123" in text.getvalue()
    assert 'operation="query me" compiled=True codes=A,B' in text.getvalue()
    assert json.loads(encoded.getvalue())["codes"] == ["A", "B"]


def test_an_exception_is_logged_without_its_message(log: io.StringIO) -> None:
    """Whoever logs one, a library too."""
    try:
        int(NAME)
    except ValueError:
        logging.getLogger("somebody.else").exception("It failed")
    [entry] = entries(log)
    assert entry["level"] == "error"
    assert "ValueError" in entry["trace"]
    assert NAME not in log.getvalue()


def test_health_tells_the_version(api: Api) -> None:
    """So that whoever rolls out a release sees which one answers."""
    answer: httpx.Response = api.client.get("/healthz")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", answer.json()["version"])
