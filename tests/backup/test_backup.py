"""A backup is the whole registry in one sealed file; what comes back is what was there, whoever was erased stays erased, and half of one never is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.ports import Purpose
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE
from infrastructure.backup.archive import opened as members_of
from infrastructure.backup.archive import sealed, whole
from infrastructure.backup.erasures import read_erasures
from infrastructure.backup.errors import BackupError
from infrastructure.backup.making import make_backup
from infrastructure.backup.restoring import restore_backup
from infrastructure.composition import log_files, open_registry
from infrastructure.log.checking import check_log
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.sealing.errors import HolderErased
from infrastructure.settings import Settings
from registry_api import ids
from tests.api.conftest import Api, Clock, opened
from tests.conftest import TEMPLATE
from tests.conftest import _database as made_database
from tests.console.test_doctor import command
from tests.people import resident_number

UPLOADED = Purpose(uploader="applicant-anywhere")
PASSPHRASE = "Pferd Batterie Heftklammer"
NAME, FILE = "欧阳雾凇", b"%PDF-1.7 Glasharfenbau " + b"x" * 70_000
ERASE = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL article 47(1)(3)") { refusal { code } } }'

TITLE = "query ($id: ID!, $at: Position) { case(id: $id, atLeast: $at) { title { id } } }"


@dataclass
class Story:
    """A registry with a title, evidence, somebody erased before the backup, and somebody after it."""

    settings: Settings
    file: Path
    target: Settings
    title: dict[str, Any]
    before: str
    after: str
    events: list[Any]


def person(api: Api, number: int) -> dict[str, Any]:
    """A case submitted by somebody of their own; its payload."""
    return dict(api.submit(holder={"name": NAME, "idNumber": resident_number(number)})["case"])


def erase(api: Api, ref: str) -> None:
    """A privacy officer erases a person."""
    assert api.ask(ERASE, {"ref": ref}, api.token("PRIVACY_OFFICER"))["eraseHolder"]["refusal"] is None


def stored(url: str, below: int = 2**62) -> list[Any]:
    """Every event, byte for byte."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT * FROM registry.events WHERE position <= %s ORDER BY position", [below]
        ).fetchall()


@pytest.fixture(scope="module")
def told(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The story and its backup, which no test changes."""
    folder = tmp_path_factory.mktemp("story")
    for database in made_database(postgres, TEMPLATE):
        yield _tell(database, folder / "data", folder / "registry.rrb")


@pytest.fixture
def story(told: Story, empty_database: Any, tmp_path: Path) -> Story:
    """The story, and an empty place of the test's own."""
    target = Settings(
        database_url=empty_database.app_url, database_owner_url=empty_database.owner_url, data_dir=tmp_path / "restored"
    )
    return replace(told, target=target)


def _tell(database: Any, folder: Path, file: Path) -> Story:
    with opened(database, folder, Clock(), public_url="https://registry.example") as api:
        headers = {
            "X-Holder-Id-Number": resident_number(501),
            "Content-Type": "application/pdf",
            "Authorization": f"Bearer {api.token('APPLICANT')}",
        }
        assert api.client.post("/evidence", content=FILE, headers=headers).status_code == 201
        copy = {"sha256": hashlib.sha256(FILE).hexdigest(), "fileName": "a.pdf", "mediaType": "application/pdf"}
        approved = api.submit(
            holder={"name": NAME, "idNumber": resident_number(501)},
            evidence=[{**copy, "size": len(FILE), "kind": "CERTIFICATE"}],
        )["case"]
        done = api.decide("approveCase", approved["id"], workConsistent=True, countedExperienceMonths=12)
        asked = {"id": approved["id"], "at": done["position"]}
        title = api.ask(TITLE, asked, api.token("APPLICANT"))["case"]["title"]["id"]
        own = {"Authorization": headers["Authorization"]}
        assert api.client.get(f"/titles/{title}/attestation", headers=own).status_code == 200
        before, after = person(api, 502), person(api, 503)
        erase(api, before["holder"]["ref"])
        settings = api.registry.settings
        make_backup(settings, file, PASSPHRASE, "os:0/operator@host")
        events = stored(database.owner_url)
        erase(api, after["holder"]["ref"])
    return Story(settings, file, settings, approved, before["holder"]["ref"], after["holder"]["ref"], events)


def test_what_comes_back_is_what_was_there(story: Story) -> None:
    """Events byte for byte, keys that open them, evidence, the log as it was signed; the audit finds nothing, the read models follow.

    Whoever was erased before the backup stays erased; whoever was erased after it, by the list, under their officer. The log goes on in
    an epoch of its own, on the record.
    """
    listed = read_erasures(story.settings.data_dir / "erasures")
    assert {str(each.holder_ref) for each in listed} == {story.before, story.after}
    done = restore_backup(story.target, story.file, PASSPHRASE, "os:0/operator@host", listed)
    assert (done.findings, done.not_erased, done.erased_again, done.epoch) == ([], [], 1, 2)
    assert done.events == len(story.events)
    assert stored(str(story.target.database_owner_url), done.position) == story.events
    signing = [each.data_dir / ATTESTATION_KEY_FILE for each in (story.settings, story.target)]
    assert signing[0].read_bytes() == signing[1].read_bytes()
    assert check_log(str(story.target.database_url), log_files(story.target)).deviations == ()
    with open_registry(story.target) as registry:
        ref = UUID(story.title["holder"]["ref"])
        assert registry.keyring.existing_key(ref) is not None
        case_id = ids.uuid_in(story.title["id"], "case")
        with registry.evidence.open(
            hashlib.sha256(FILE).hexdigest(), ref, [Purpose(case_id=case_id), UPLOADED]
        ) as found:
            assert b"".join(found) == FILE
        for gone in (story.before, story.after):
            assert registry.keyring.existing_key(UUID(gone)) is None
            with pytest.raises(HolderErased):
                registry.keyring.key_for(UUID(gone))
        with registry.database.pool.connection() as connection:
            assert connection.execute("SELECT count(*) FROM registry.backups").fetchone() == (1,)
            assert connection.execute("SELECT count(*) FROM attestation.entries").fetchone() == (1,)
            left = connection.execute("SELECT count(*) FROM registry.lookups WHERE holder_ref = %s", [story.after])
            assert left.fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM registry.events")


def test_a_registry_that_was_stopped_is_moved_without_a_new_epoch(story: Story) -> None:
    """The operator says that nothing was signed since; the log goes on from the checkpoint that the backup holds."""
    done = restore_backup(story.target, story.file, PASSPHRASE, "os:0/x@y", [], log_goes_on=True)
    assert (done.epoch, done.findings) == (None, [])
    with open_registry(story.target) as registry:
        step = next(each.process for each in registry.processes if each.process.name == "transparency log")
        with psycopg.connect(registry.database.app_url, autocommit=True) as connection:
            step.step_over(connection)(lambda: False)
    assert check_log(str(story.target.database_url), log_files(story.target)).deviations == ()


def test_nothing_can_be_read_without_the_passphrase(story: Story) -> None:
    """No name, no key, no file name and no table's name lies in it in clear; another passphrase, a cut or changed file restores nothing."""
    content = story.file.read_bytes()
    master = (story.settings.data_dir / "master.keys").read_bytes()
    for needle in (
        NAME.encode(),
        master[:20],
        b"Glasharfenbau",
        b"registry.events",
        b"master.keys",
        story.before.encode(),
    ):
        assert needle not in content
    assert story.file.stat().st_mode & 0o077 == 0
    spoilt = story.file.with_name("spoilt.rrb")
    half = len(content) // 2
    attempts: list[tuple[bytes, str, str]] = [
        (content, "another passphrase", "does not open"),
        (content[:-1], PASSPHRASE, "does not open"),
        (content[:half], PASSPHRASE, "does not open"),
        (content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :], PASSPHRASE, "does not open"),
        (b"PK" + content, PASSPHRASE, "is no backup"),
        (b"", PASSPHRASE, "is no backup"),
        (content.replace(b'"n":131072', b'"n": 65536'), PASSPHRASE, "does not open"),
        (
            b"".join(sealed([("manifest", b'{"format":1,"schema":99,"release":"9.9"}')], PASSPHRASE)),
            PASSPHRASE,
            "newer",
        ),
    ]
    for written, passphrase, words in attempts:
        spoilt.write_bytes(written)
        with pytest.raises(BackupError, match=words):
            restore_backup(story.target, spoilt, passphrase, "os:0/x@y", [])
        assert not story.target.data_dir.exists() or list(story.target.data_dir.iterdir()) == []
        with psycopg.connect(str(story.target.database_owner_url)) as connection:
            assert connection.execute("SELECT FROM pg_namespace WHERE nspname IN ('registry', 'log')").rowcount == 0


def test_a_backup_that_lacks_a_part_is_noticed(story: Story) -> None:
    """A table with other rows than were counted, a member that nobody knows, an end that is missing: nothing stays behind."""
    with story.file.open("rb") as file:
        frames = [(name, whole(pieces)) for name, pieces in members_of(file, PASSPHRASE, "x")]
    names = [name for name, _ in frames]
    assert names[0] == "manifest"
    assert names[-1] == "end"
    assert {"file/master.keys", "file/log.keys", "file/log.checkpoint", "file/erasures"} <= set(names)
    lookups = names.index("table/registry.lookups")
    emptied = dict(frames)["table/registry.quarantine"]
    attempts = [
        frames[:-1],
        [*frames[:lookups], ("table/registry.lookups", emptied), *frames[lookups + 1 :]],
        [*frames[:-1], ("surprise", b""), frames[-1]],
        [each for each in frames if not each[0].startswith("evidence/")],
    ]
    spoilt = story.file.with_name("spoilt.rrb")
    for each in attempts:
        spoilt.write_bytes(b"".join(sealed(each, PASSPHRASE)))
        with pytest.raises(BackupError, match="not whole"):
            restore_backup(story.target, spoilt, PASSPHRASE, "os:0/x@y", [])
        assert not story.target.data_dir.exists() or list(story.target.data_dir.iterdir()) == []


def test_the_commands(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No file is written over, no passphrase is short, no place is filled twice, and later erasures are asked for."""
    monkeypatch.setenv("DATABASE_URL", str(story.settings.database_url))
    monkeypatch.setenv("DATABASE_OWNER_URL", str(story.settings.database_owner_url))
    data = ["--data-dir", str(story.settings.data_dir)]
    monkeypatch.setenv("RECOGNITION_BACKUP_PASSPHRASE", "short")
    assert command("backup", str(tmp_path / "b.rrb"), *data) == 2
    assert "12 characters or more" in capsys.readouterr().err
    monkeypatch.delenv("RECOGNITION_BACKUP_PASSPHRASE")
    assert command("backup", str(tmp_path / "b.rrb"), *data) == 2
    assert "RECOGNITION_BACKUP_PASSPHRASE" in capsys.readouterr().err
    secret = tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    secret.chmod(0o644)
    words = ["--passphrase-file", str(secret)]
    assert command("backup", str(tmp_path / "b.rrb"), *data, *words) == 2
    assert "chmod 600" in capsys.readouterr().err
    secret.chmod(0o600)
    assert command("backup", str(tmp_path / "b.rrb"), "--json", *data, *words) == 0
    assert json.loads(capsys.readouterr().out)["evidenceFiles"] >= 1
    assert command("backup", str(tmp_path / "b.rrb"), *data, *words) == 2
    assert "is there already" in capsys.readouterr().err
    assert command("restore", str(story.file), *data, *words) == 2
    assert "--erasures" in capsys.readouterr().err
    assert command("--lang", "zh", "restore", str(story.file), "--no-later-erasures", *data, *words) == 2
    assert "不是空的" in capsys.readouterr().err
    monkeypatch.setenv("DATABASE_URL", str(story.target.database_url))
    monkeypatch.setenv("DATABASE_OWNER_URL", str(story.target.database_owner_url))
    there = ["--data-dir", str(story.target.data_dir)]
    listed = ["--erasures", str(story.settings.data_dir / "erasures")]
    assert command("restore", str(story.file), *listed, *there, *words) == 0
    said = capsys.readouterr()
    assert "the audit found 0 things" in said.out
    assert "epoch 2" in said.err
    spoilt = tmp_path / "erasures"
    spoilt.write_text("{}")
    assert command("restore", str(story.file), "--erasures", str(spoilt), *there, *words) == 2
    assert "Line 1" in capsys.readouterr().err
