"""Who acts on the command line proves it: by a token, or as the account of the operating system that runs it."""

from __future__ import annotations

import json
import os
import pwd
import socket
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from typer.testing import CliRunner

from application.access import ACCOUNT, Action, can, right_of
from console.acting import account
from console.cli import app
from domain.values import Actor, Role, account_subject, same_subject
from infrastructure.identity import DevelopmentIssuer, TokenRefused
from registry_api.ids import encode
from tests.api.catalogs import ISSUE
from tests.api.conftest import XIHU, Api, Clock, opened
from tests.console.signing import by
from tests.console.test_catalog_commands import NOTICE, REFUSED, UNUSABLE, Run, answer
from tests.console.test_catalog_commands import run as run  # noqa: PLC0414 - the fixture of its sibling

CODE = "zj-2023-digital-equipment-materials"
NOBODY = "os:65534/nobody@elsewhere"


def me() -> str:
    """The account under which the tests run."""
    return f"os:{os.getuid()}/{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname().casefold()}"


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    """A sound amendment of aliases."""
    file = tmp_path / "aliases.csv"
    head = "change,kind,text,issuer,numbers,ground\n"
    file.write_text(f"{head}ADDED,QUALIFICATION,Amazon Guru,,58,house name\n", encoding="utf-8")
    return ("amend", "--aliases", str(file), *NOTICE, "--json")


def as_account(monkeypatch: pytest.MonkeyPatch, subject: str) -> None:
    """Run what follows under another account."""
    monkeypatch.setattr("console.acting.account", lambda: subject)


def test_an_account_is_recorded_as_what_it_is(run: Run, words: tuple[str, ...], database: Any) -> None:
    """Without a token: identifier, name and machine, in the event and in its column; not a word that somebody typed."""
    proposed = answer(run(*words))["amendment"]
    assert account() == me()
    with psycopg.connect(database.app_url) as connection:
        rows = connection.execute(
            "SELECT actor_subject, actor_role, client FROM registry.events WHERE topic = 'catalog.amendment-proposed'"
        ).fetchall()
    assert rows == [(me(), "ADMINISTRATOR", "command line")]
    assert f"proposed by {me()}" in [row["status"] for row in answer(run("history", "--json"))]
    assert proposed


def test_one_account_is_one_person(run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not issue what it proposed, whatever its machine is called now; another account does, and so does a token."""
    first, second = (answer(run(*words))["amendment"] for _ in range(2))
    assert "SAME_ADMINISTRATOR" in run("issue", first, ends=REFUSED).stderr
    as_account(monkeypatch, me().rpartition("@")[0] + "@renamed")
    assert "SAME_ADMINISTRATOR" in run("issue", first, ends=REFUSED).stderr
    as_account(monkeypatch, NOBODY)
    assert answer(run("issue", first, "--json"))["version"] == 2
    assert "STALE_BASE_VERSION" in run("issue", second, *by("second"), ends=REFUSED).stderr
    third = answer(run(*words[:2], _renaming(words[2]), *words[3:]))["amendment"]
    assert "SAME_ADMINISTRATOR" in run("issue", third, ends=REFUSED).stderr
    assert answer(run("issue", third, *by("second"), "--json"))["version"] == 3


def _renaming(file: str) -> str:
    path = Path(file).with_name("others.csv")
    path.write_text(Path(file).read_text(encoding="utf-8").replace("Guru", "Sage"), encoding="utf-8")
    return str(path)


def test_one_account_is_one_person_for_further_catalogs(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does not publish what it proposed; another account does."""
    file = tmp_path / "catalog.json"
    run("export", "--format", "json", "-o", file)
    proposal = answer(run("propose", file, "--code", "zj-2026-x", "--name", "目录", *NOTICE, "--json"))["proposal"]
    assert "SAME_ADMINISTRATOR" in run("publish", proposal, ends=REFUSED).stderr
    as_account(monkeypatch, NOBODY)
    assert run("publish", proposal).stdout == "Published zj-2026-x as version 1.\n"


def test_the_same_act_over_the_api_and_the_command_line_takes_two(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Who proposed here with a token does not issue there with it, nor the other way round."""
    with opened(database, tmp_path, Clock()) as api:
        settled(api, monkeypatch)
        done = CliRunner().invoke(app, ["catalog", *words, *by("first")])
        amendment = encode("amendment", CODE, UUID(json.loads(done.stdout)["amendment"]))
        for subject, code in (("FIRST", "SAME_ADMINISTRATOR"), ("second", None)):
            issued = api.ask(ISSUE, {"id": amendment}, api.token("ADMINISTRATOR", subject=subject))["issueAmendment"]
            assert (issued["refusal"] or {}).get("code") == code
        there = api.ask(ISSUE, {"id": amendment}, api.token("ADMINISTRATOR", subject="third"))["issueAmendment"]
        assert there["refusal"]["code"] == "AMENDMENT_CLOSED"


def settled(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line on the registry of an API."""
    monkeypatch.setenv("DATABASE_URL", api.registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", api.registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(api.registry.settings.data_dir))
    monkeypatch.setenv("RECOGNITION_POOL_MIN_SIZE", "0")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "token-malformed"),
        ("first", "token-malformed"),
        ("a.b.c", "token-malformed"),
        ("x" * 9000, "token-too-large"),
    ],
)
def test_what_is_no_token_is_nobody(run: Run, words: tuple[str, ...], token: str, code: str) -> None:
    """Refused, the empty one too, instead of acting as the account; nothing is recorded."""
    assert code in run(*words, "--token", token, ends=UNUSABLE).stderr
    assert len(answer(run("history", "--json"))) == 1


def test_a_token_of_another_registry_or_role_does_not_amend(
    run: Run,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Verified as by the API: its key, and what its role may; the environment's token counts like the option."""
    foreign = DevelopmentIssuer(tmp_path / "elsewhere").issue(Role.ADMINISTRATOR, subject="first")
    by("somebody")
    assert "token-key-unknown" in run(*words, "--token", foreign, ends=UNUSABLE).stderr
    for role in (Role.REVIEWER, Role.AUDITOR, Role.APPLICANT, Role.PRIVACY_OFFICER):
        assert "NOT_PERMITTED" in run(*words, *by("first", role), ends=REFUSED).stderr
    monkeypatch.setenv("RECOGNITION_TOKEN", "")  # as where the command that was to fetch a token failed
    assert "token" in run(*words, ends=UNUSABLE).stderr
    monkeypatch.setenv("RECOGNITION_TOKEN", by("environment")[1])
    assert answer(run(*words))["amendment"]
    assert "proposed by environment" in [row["status"] for row in answer(run("history", "--json"))]


def test_where_no_token_was_ever_issued_none_is_believed_and_no_key_is_made(
    run: Run, words: tuple[str, ...], tmp_path: Path
) -> None:
    """A key that a command makes would believe whoever came first."""
    issued = DevelopmentIssuer(tmp_path / "elsewhere").issue(Role.ADMINISTRATOR)
    key = tmp_path / "var" / DevelopmentIssuer.FILE
    key.unlink()
    assert "token-key-unknown" in run(*words, "--token", issued, ends=UNUSABLE).stderr
    assert not key.exists()


@pytest.mark.parametrize("subject", ["os:0/root@host", "OS:0/root@host", " os:1000/ann@host "])
def test_no_token_bears_an_account(tmp_path: Path, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither issued nor believed, in whatever letters; else a token would be a second person for the first."""
    issuer = DevelopmentIssuer(tmp_path)
    with pytest.raises(ValueError, match="account"):
        issuer.issue(Role.ADMINISTRATOR, subject=subject)
    monkeypatch.setattr("infrastructure.identity.is_account", lambda _: False)
    forged = issuer.issue(Role.ADMINISTRATOR, subject=subject.strip())
    monkeypatch.undo()
    with pytest.raises(TokenRefused) as refused:
        issuer.verifier().verify(forged)
    assert refused.value.code == "token-claims"


def test_accounts_differ_by_number_and_name_alone() -> None:
    """One number on two machines may be two people, but is counted as one: what takes two is never done by one."""
    ann = account_subject(1000, "ann", "Host.Example")
    assert ann == "os:1000/ann@host.example"
    assert same_subject(ann, account_subject(1000, "ann", "other"))
    assert not same_subject(ann, account_subject(1001, "ann", "host.example"))
    assert not same_subject(ann, account_subject(1000, "bea", "host.example"))
    assert not same_subject("ann@a", "ann@b")
    assert same_subject("ann", "ann")


@pytest.mark.parametrize("role", Role)
def test_an_account_has_its_own_row_of_rights_in_whatever_role(role: Role) -> None:
    """It reads everything on the record and administers catalogs; it submits and decides nothing, and erases nobody."""
    actor = Actor(subject=account(), role=role)
    assert right_of(actor) is ACCOUNT
    assert can(actor, Action.AMEND_CATALOG)
    for action in (
        Action.DECIDE,
        Action.SUBMIT,
        Action.ACCOMPANY,
        Action.ERASE,
        Action.RESTRICT,
        Action.REGISTER_OFFICER,
    ):
        assert not can(actor, action)


def test_reading_a_case_shows_what_the_role_of_the_token_may(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor reads persons for a reason only, a reviewer those of their division, an administrator and a verifier nobody; the
    account reads in clear; each reading in clear is recorded under who read, and nothing else.
    """
    with opened(database, tmp_path, Clock()) as api:
        settled(api, monkeypatch)
        number = api.submit()["case"]["caseNumber"]
        api.registry.projections.run_until_caught_up()
        tried = [
            (by("auditor", Role.AUDITOR), (), 0, False),
            (by("auditor", Role.AUDITOR), ("--reason", "sample 7"), 0, True),
            (by("auditor", Role.AUDITOR), ("--reason", "   "), 0, False),
            (by("reviewer", Role.REVIEWER, XIHU), (), 0, True),
            (by("superior", Role.REVIEWER, "330000-EI"), (), 0, True),
            (by("foreign", Role.REVIEWER, "330200-HR"), (), 1, False),
            (by("administrator"), (), 0, False),
            (by("privacy", Role.PRIVACY_OFFICER), (), 0, True),
            (by("verifier", Role.VERIFIER), (), 1, False),
            (by("applicant", Role.APPLICANT), (), 1, False),
            ((), (), 0, True),
        ]
        for command in ("show", "history", "replay"):
            for proof, why, ends, clear in tried:
                done = CliRunner().invoke(app, ["case", command, number, "--json", *proof, *why])
                assert (done.exit_code, "王敏" in done.stdout) == (ends, clear), (command, proof, why, done.output)
        integrity = CliRunner().invoke(app, ["case", "integrity", "--json", *by("administrator")])
        assert (integrity.exit_code, "NOT_PERMITTED" in integrity.stderr) == (1, True)
        with psycopg.connect(database.owner_url) as owner:
            rows = owner.execute(
                "SELECT subject, role, reason FROM registry.access_log WHERE client = 'console'"
            ).fetchall()
    readers = {("auditor", "AUDITOR", "sample 7"), (me(), "ADMINISTRATOR", "operation of the registry")}
    assert {row[0] for row in rows} == {"auditor", "reviewer", "superior", "privacy", me()}
    assert readers <= {tuple(row) for row in rows}
    assert len(rows) == 15


def test_acts_of_operation_are_recorded_under_the_account(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who rotates the log's key is not typed either."""
    with opened(database, tmp_path, Clock()) as api:
        settled(api, monkeypatch)
        done = CliRunner().invoke(app, ["audit", "log", "rotate", "--as", "somebody"])
        assert done.exit_code == UNUSABLE
        done = CliRunner().invoke(app, ["audit", "log", "rotate", "--json"])
        assert done.exit_code == 0, done.output
        with psycopg.connect(database.owner_url) as owner:
            assert (me(),) in owner.execute("SELECT operator FROM log.keys").fetchall()
