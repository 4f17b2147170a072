"""The command line against a server, by a token: the same answers as from the database, and one sentence for each way to get none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from console.cli import app
from console.misuse import Misused
from console.remote.address import address_of
from console.remote.ask_command import ready
from console.remote.asking import DOCUMENTS
from graphql import build_schema, parse, validate
from tests.api.conftest import XIHU, Api, api, module_api, shared_api
from tests.sources import ROOT

__all__ = ["api", "module_api", "shared_api"]  # fixtures
pytestmark = pytest.mark.registry("shared")
TOKEN = "eyJhbGciOiJub25lIn0.se-cret.token"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a database nor a token by the environment; a folder without a registry."""
    for name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "RECOGNITION_TOKEN",
        "RECOGNITION_SERVER",
        "RECOGNITION_DATA_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    """``recognition`` in this process."""
    result = CliRunner().invoke(app, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    assert "Traceback" not in result.output
    assert "defect of the registry" not in result.output, result.stderr
    return result


def answered(api: Api, *words: str, token: str | None = None) -> Any:
    """What a server answers to a command, for programs."""
    more = ["--token", token] if token else []
    result = run(*words, *more, "--server", str(api.client.base_url))
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def of_database(api: Api, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """What the database of the same registry answers."""
    settings = api.registry.settings
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", str(settings.database_url))
        patch.setenv("DATABASE_OWNER_URL", str(settings.database_owner_url))
        patch.setenv("RECOGNITION_DATA_DIR", str(settings.data_dir))
        result = run(*words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_each_document_is_one_of_the_schema() -> None:
    """What commands send is valid against the published schema."""
    schema = build_schema((ROOT / "graphql" / "schema.graphql").read_text("utf-8"))
    documents = sorted(DOCUMENTS.glob("*.graphql"))
    assert len(documents) >= 5
    for each in documents:
        assert validate(schema, parse(each.read_text("utf-8"))) == [], each.name


def test_a_match_is_the_same_from_a_server(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcome, entry, award and the candidates with their scores and reasons, for programs and for people; the API has no rule set."""
    words = ("match", "AWS Certified Solutions Architect - Professional", "--issuer", "Amazon Web Services")
    own, found = of_database(api, monkeypatch, *words, "--json"), answered(api, *words, "--json")
    assert found["outcome"] == "EXACT"
    for name in ("outcome", "entry", "award", "catalog", "version"):
        assert found[name] == own[name]
    names = ("number", "score", "reasons", "catalogCode")
    assert [[each[name] for name in names] for each in found["candidates"]] == [
        [each[name] for name in names] for each in own["candidates"]
    ]
    assert run(*words, "--server", str(api.client.base_url)).stdout.startswith("EXACT")
    assert "leave out --server" in run("match", "--file", "x.csv", "--server", str(api.client.base_url)).stderr


def reached(api: Api, done: dict[str, Any]) -> None:
    """Wait until the rows hold what an act recorded."""
    asked = "query ($p: Position) { cases(first: 1, atLeast: $p) { totalCount } }"
    api.ask(asked, {"p": done["position"]}, api.token("AUDITOR"))


def test_a_case_is_the_same_from_a_server(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, its title, its history and its clocks; rights and what is masked are the server's."""
    case = api.submit()["case"]
    reached(api, api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=12))
    number = case["caseNumber"]
    officer, reason = api.token("REVIEWER", XIHU), ("--reason", "核对申请")
    found = answered(api, "case", "show", number, "--json", *reason, token=officer)
    own = of_database(api, monkeypatch, "case", "show", number, "--json")
    for one, other in ((found["case"], own["case"]), (found["title"], own["title"])):
        shared = (one.keys() & other.keys()) - {"holder", "certificate", "decidedBy", "certificateNumber"}
        assert {"id", "status", "caseNumber"} <= shared
        assert {name: one[name] for name in shared} == {name: other[name] for name in shared}
    lines = answered(api, "case", "history", number, "--json", *reason, token=officer)
    own_lines = of_database(api, monkeypatch, "case", "history", number, "--json")
    names = ("version", "position", "type", "by", "summary", "state")
    assert [[each[name] for name in names] for each in lines] == [[each[name] for name in names] for each in own_lines]
    shown = run("case", "show", number, *reason, "--token", officer, "--server", str(api.client.base_url))
    assert shown.stdout.splitlines()[0] == "status\tAPPROVED"
    applicant = api.token("APPLICANT", subject="somebody-else")
    refused = run("case", "show", number, "--token", applicant, "--server", str(api.client.base_url))
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_deadlines_and_the_archive_come_from_a_server(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the cases that the bearer sees, page by page; the token may stand in the environment."""
    submitted = api.submit()
    reached(api, submitted)
    number = submitted["case"]["caseNumber"]
    officer = api.token("REVIEWER", XIHU)
    monkeypatch.setenv("RECOGNITION_TOKEN", officer)
    monkeypatch.setenv("RECOGNITION_SERVER", str(api.client.base_url))
    running = json.loads(run("case", "due", "--state", "RUNNING", "--json").stdout)
    assert {(each["caseNumber"], each["kind"]) for each in running} >= {(number, "ACCEPT"), (number, "DECIDE")}
    assert date.fromisoformat(running[0]["dueOn"]) <= date.fromisoformat(running[-1]["dueOn"])
    archive = run("case", "integrity", "--json", "--reason", "核对档案")
    assert isinstance(json.loads(archive.stdout), list), archive.output
    assert run("case", "due", "--state", "MISSED").exit_code == 0


def test_whatever_the_api_does_is_done_by_ask(api: Api, tmp_path: Path) -> None:
    """Ready documents by name, files of one's own; variables by name or from a file; a refusal ends in 1 with its code."""
    server = ("--server", str(api.client.base_url))
    assert {"submit-a-case", "approve-a-case", "verify-a-title"} <= ready().keys()
    form = tmp_path / "form.json"
    given = {
        "idempotencyKey": "by-a-shell", "holder": {"name": "赵敏", "idNumber": "330106199003077013"},
        "certificate": {"name": "AWS Certified Solutions Architect - Professional", "issuingBody": "Amazon Web Services",
                        "certificateNumber": "AWS-SHELL-1"},
        "authorityCode": XIHU, "workField": "数字经济",
    }  # fmt: skip
    form.write_text(json.dumps({"input": given}), encoding="utf-8")
    done = run("ask", "submit-a-case", "--variables", str(form), "--token", api.token("APPLICANT"), *server)
    assert done.exit_code == 0, done.output
    number = json.loads(done.stdout)["data"]["submitCase"]["case"]["caseNumber"]
    own = tmp_path / "own.graphql"
    own.write_text("query ($number: String!) { case(caseNumber: $number) { status holder { name } } }")
    words = ("ask", str(own), "--variable", f"number={number}", *server)
    seen = run(*words, "--token", api.token("REVIEWER", XIHU), "--reason", "核对申请")
    assert json.loads(seen.stdout)["data"]["case"]["status"] == "MATCHED"
    anonymous = run(*words)
    assert anonymous.exit_code == 1
    assert "(UNAUTHENTICATED)" in anonymous.stderr
    assert "请" in run("--lang", "zh", *words).stderr
    expired = run(*words, "--token", TOKEN)
    assert expired.exit_code == 1
    assert "se-cret" not in expired.output
    given["holder"] = {"name": "钱敏", "idNumber": "330106199003077013"}
    form.write_text(json.dumps({"input": given}), encoding="utf-8")
    refused = run("ask", "submit-a-case", "--variables", str(form), "--token", api.token("APPLICANT"), *server)
    assert refused.exit_code == 1
    refusal = json.loads(refused.stdout)["data"]["submitCase"]["refusal"]
    assert f"({refusal['code']})" in refused.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("subscription { titleChanges { position } }", "one query or one mutation"),
        ("{", "is no GraphQL"),
        ("", "is no GraphQL"),
    ],
)
def test_what_is_no_question_is_not_sent(text: str, words: str, tmp_path: Path) -> None:
    """Said before anything is sent: exit code 2."""
    path = tmp_path / "x.graphql"
    path.write_text(text)
    done = run("ask", str(path), "--server", "http://127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.parametrize(
    "more",
    [("--variable", "nobody=1"), ("--variable", "name"), ("--variables", "list.json")],
    ids=["unknown", "no-value", "no-object"],
)
def test_variables_are_those_of_the_document(more: tuple[str, str], tmp_path: Path) -> None:
    """One that it doesn't have would be left out without a word."""
    (tmp_path / "list.json").write_text("[]")
    done = run("ask", "match-a-certificate", *more, "--server", "http://127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Nobody answers" not in done.stderr


def test_a_token_goes_over_https_or_stays_on_the_machine() -> None:
    """In the clear elsewhere only where the operator says so; an address alone means the path of the API."""
    assert address_of("https://registry.example").url == "https://registry.example/graphql"
    assert address_of("http://[::1]:8000/").url == "http://[::1]:8000/graphql"
    assert address_of("https://registry.example/api").url == "https://registry.example/api"
    assert address_of("http://registry.example", plain_http=True).url == "http://registry.example/graphql"
    for each in (
        "http://registry.example",
        "ftp://x",
        "registry.example",
        "https://u:p@x",
        "https://x/?a",
        "https://x:99999",
        "",
    ):
        with pytest.raises(Misused):
            address_of(each)


class Strange(BaseHTTPRequestHandler):
    """What answers otherwise than a registry: each request takes the next of ``answers``."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    asked: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        """Answer the next."""
        self.asked.append(self.headers["Authorization"])
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is written."""


@pytest.fixture(scope="module")
def strange() -> Iterator[str]:
    """The address of a server that is no registry."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Strange) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


BUSY = json.dumps({"errors": [{"message": "Later.", "extensions": {"code": "UNAVAILABLE"}}]}).encode()
FINE = json.dumps({"data": {"case": None}}).encode()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "sends elsewhere"),
        ((404, {}, b"<html>"), "is not the registry's API (HTTP 404)"),
        ((200, {}, b"[1]"), "is not the registry's API"),
        ((502, {}, b"Bad Gateway"), "answers 502"),
        ((200, {"Content-Encoding": "gzip"}, b"no gzip"), "broke off"),
        ((401, {}, json.dumps({"errors": [{"message": f"bad {TOKEN}"}]}).encode()), "bad …"),
    ],
    ids=["redirect", "path", "shape", "broken", "encoding", "echo"],
)
def test_what_is_no_answer_is_one_sentence(answer: Any, words: str, strange: str) -> None:
    """Whatever answers: what is wrong and what to do, and never the token, which is sent nowhere else."""
    Strange.answers[:] = [answer]
    done = run("case", "history", "x", "--server", strange, "--token", TOKEN)
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert words in done.stderr
    assert "se-cret" not in done.output
    assert done.stderr.count("error: ") == 1


def test_a_question_is_asked_once_more_and_an_act_is_not(strange: str, tmp_path: Path) -> None:
    """Where the server says when, and only once; what acts may have been recorded."""
    Strange.asked.clear()
    Strange.answers[:] = [(503, {"Retry-After": "0"}, BUSY), (200, {}, FINE)]
    assert run("case", "show", "x", "--server", strange).exit_code == 1  # there is no such case
    assert len(Strange.asked) == 2
    Strange.answers[:] = [(503, {"Retry-After": "0"}, BUSY), (503, {"Retry-After": "0"}, BUSY), (200, {}, FINE)]
    done = run("case", "show", "x", "--server", strange)
    assert (done.exit_code, len(Strange.asked)) == (1, 4)
    assert "Later. (UNAVAILABLE)" in done.stderr
    act = tmp_path / "act.graphql"
    act.write_text('mutation { withdrawCase(caseId: "x", reason: "y") { refusal { code message } } }')
    Strange.answers[:] = [(503, {"Retry-After": "0"}, BUSY)]
    assert run("ask", str(act), "--server", strange).exit_code == 1
    assert len(Strange.asked) == 5
