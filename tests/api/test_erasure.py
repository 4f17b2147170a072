"""After erasure nothing in database, files, logs or answers names the person, and the history is readable without them."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.ports import Purpose
from application.projections.registry import REGISTRY
from domain.holder import Holder
from domain.identifiers import holder_stream
from infrastructure.composition import MASTER_KEY_FILE
from infrastructure.projections import rebuild as rebuilding
from infrastructure.sealing.errors import HolderErased, MasterKeyError
from infrastructure.sealing.keyring import PostgresKeyring
from infrastructure.sealing.master import MasterKeyFile, MasterKeys
from infrastructure.sealing.rotation import drop_old, finish_erasures, finishing_process, unfinished_erasures
from tests.api.conftest import XIHU, Api
from tests.folders import contents

NAME, NUMBER, CERTIFICATE = "欧阳卓异", "330106198811223344", "PSA-GEHEIM-77"
EMPLOYER, FILE_NAME, REASON = "Musterwerk Vertraulich GmbH", "欧阳卓异-diploma.pdf", "欧阳卓异 rang us up"
GROUND, FINDINGS = "欧阳卓异 forged it", "the body wrote about PSA-GEHEIM-77"
CONTENT = b"%PDF-1.7 " + NAME.encode() + b" " + NUMBER.encode() * 4000
NEEDLES = [NAME, NUMBER, CERTIFICATE, EMPLOYER, FILE_NAME, REASON, "psageheim77", "diploma.pdf"]
BASIS = "PIPL article 47(1)(3), request of 2026-11-20"
ERASE = (
    "mutation ($ref: ID!, $basis: String!) { eraseHolder(ref: $ref, legalBasis: $basis) { position refusal { code } } }"
)
RESTRICT = (
    "mutation ($ref: ID!, $b: String!) { restrictHolder(ref: $ref, legalBasis: $b) { position refusal { code } } }"
)
LIFT = "mutation ($ref: ID!, $b: String!) { liftRestriction(ref: $ref, legalBasis: $b) { position refusal { code } } }"
CASE = """query ($id: ID!, $p: Position, $asOf: DateTime) { case(id: $id, atLeast: $p, asOf: $asOf) {
    status holder { ref name idType idNumber erased } certificate { name certificateNumber } evidence { sha256 fileName }
    title { title status revocationGround holder { erased } }
    history { type summary reason data recordedAt state { status holder { name erased } } } } }"""


class Story:
    """A person with everything the registry keeps of people: a case, a file, experience, reasons, a revoked title."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.sha256 = hashlib.sha256(CONTENT).hexdigest()
        self.applicant, self.reviewer = api.token("APPLICANT"), api.token("REVIEWER", XIHU)
        self.officer = api.token("PRIVACY_OFFICER")
        headers = {"X-Holder-Id-Number": NUMBER, "Content-Type": "application/pdf"} | bearer(self.applicant)
        assert api.client.post("/evidence", content=CONTENT, headers=headers).status_code == 201
        payload = api.submit(
            holder={"name": NAME, "idNumber": NUMBER},
            certificate={"certificateNumber": CERTIFICATE},
            evidence=[
                {
                    "sha256": self.sha256,
                    "fileName": FILE_NAME,
                    "mediaType": "application/pdf",
                    "size": len(CONTENT),
                    "kind": "CERTIFICATE",
                }
            ],
            experience=[{"employer": EMPLOYER, "from": "2020-01-01", "to": "2022-01-01", "field": "cloud"}],
        )
        assert payload["refusal"] is None, payload
        self.id, self.ref = payload["case"]["id"], payload["case"]["holder"]["ref"]
        for mutation, arguments in (
            ("requestSupplement", {"reason": REASON}),
            ("supplementCase", {"evidence": [self.second_file()]}),
            ("approveCase", {"workConsistent": True}),
        ):
            assert api.decide(mutation, self.id, **arguments)["refusal"] is None, mutation
        done = api.revoked(self.id, GROUND, FINDINGS)
        assert done["refusal"] is None
        self.position = done["position"]
        api.clock.now += timedelta(days=3 * 366)  # the law keeps a record of fraud for three years

    def second_file(self) -> dict[str, Any]:
        """A file that is stated and not uploaded."""
        return {"sha256": "c" * 64, "fileName": "2 " + FILE_NAME, "mediaType": "image/png", "size": 9, "kind": "X"}

    def read(self, token: str, position: str | None = None, as_of: str | None = None) -> Any:
        """The case with its history."""
        return self.api.ask(CASE, {"id": self.id, "p": position or self.position, "asOf": as_of}, token)["case"]

    def erase(self) -> Any:
        """The payload of the erasure."""
        return self.api.ask(ERASE, {"ref": self.ref, "basis": BASIS}, self.officer)["eraseHolder"]


@pytest.fixture
def story(api: Api) -> Story:
    """Somebody whose data is to be erased."""
    return Story(api)


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


def stored(api: Api) -> Iterator[tuple[str, bytes]]:
    """Every table of the database, as text, in binary and in COPY's own form, and what the planner noted of the values."""
    with psycopg.connect(api.registry.database.owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND schemaname NOT LIKE 'pg_temp%'"  # a session's own, empty outside its transactions
        ).fetchall()
        assert len(tables) > 12
        for source in [table for (table,) in tables] + ["pg_stats", "pg_stats_ext", "pg_stat_activity"]:
            for form in ("text", "binary"):
                what = f"(SELECT t::text FROM {source} AS t)" if form == "text" else f"(SELECT * FROM {source})"
                if form == "binary" and source.startswith("pg_"):
                    continue
                with connection.cursor().copy(f"COPY {what} TO STDOUT (FORMAT {form})".encode()) as copy:
                    yield f"{source} ({form})", b"".join(bytes(piece) for piece in copy)


def found(api: Api, folder: Path, words: list[str] = NEEDLES) -> list[str]:
    """Where any of the person's words stand: tables and files."""
    needles = [needle.encode() for needle in words]
    needles += [needle.hex().encode() for needle in needles] + [CONTENT[:40]]
    places = [where for where, text in stored(api) if any(needle in text for needle in needles)]
    files = contents(folder)
    assert files
    return places + [
        str(path)
        for path, content in files.items()
        if any(needle in content or needle in str(path).encode() for needle in needles)
    ]


def test_after_erasure_nothing_names_the_person(
    api: Api, story: Story, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """PIPL article 47: database, dump, statistics, evidence folder and logs hold neither name, number nor file name."""
    caplog.set_level(logging.DEBUG)
    assert found(api, tmp_path, ["recognition-case.revoked"])  # the search finds what is there
    assert found(api, tmp_path) == []  # sealed from the first moment
    literal = f'{{ verifyTitle(certificateNumber: "{CERTIFICATE}", holderName: "{NAME}") {{ known }} }}'
    assert api.ask(literal)["verifyTitle"]["known"] is True
    done = story.erase()
    assert done["refusal"] is None
    story.read(story.officer, done["position"])
    assert found(api, tmp_path) == []
    assert not [record for record in caplog.records if any(needle in record.getMessage() for needle in NEEDLES)]
    assert api.ask(literal)["verifyTitle"]["known"] is False


def test_history_replay_and_as_of_reads_go_on_without_the_person(story: Story) -> None:
    """Every event stays, in order and with its state; `erased` stands in place of the data."""
    before = story.read(story.reviewer)
    done = story.erase()
    after = story.read(story.reviewer, done["position"])
    assert [event["type"] for event in after["history"]] == [event["type"] for event in before["history"]]
    assert [event["state"]["status"] for event in after["history"]] == [e["state"]["status"] for e in before["history"]]
    assert after["holder"] == {"ref": story.ref, "name": None, "idType": None, "idNumber": None, "erased": True}
    assert after["title"] == before["title"] | {"revocationGround": None, "holder": {"erased": True}}
    assert {event["reason"] for event in after["history"]} == {None}
    assert not any(needle in str(after) for needle in NEEDLES)
    approved = next(event for event in before["history"] if event["type"].endswith("approved"))
    then = story.read(story.reviewer, done["position"], approved["recordedAt"])
    assert (then["status"], then["holder"]["erased"]) == ("APPROVED", True)


def test_rows_are_what_the_events_say_after_an_erasure(api: Api, story: Story) -> None:
    """`projections check` passes, and a rebuild makes the same rows."""
    story.read(story.officer, story.erase()["position"])
    report = rebuilding.check(api.registry.database, api.registry.mapper, REGISTRY)
    assert report.is_complete, report.differing_keys


def test_erasing_is_repeatable_and_ends_everything_about_the_person(api: Api, story: Story) -> None:
    """A second erasure changes nothing; decisions are refused; the number comes back as somebody new."""
    open_case = api.submit(holder={"name": NAME, "idNumber": NUMBER})["case"]
    first, again = story.erase(), story.erase()
    assert first["refusal"] is again["refusal"] is None
    events = [type(event) for event in api.registry.journal.events_of(holder_stream(UUID(story.ref)))]
    assert events == [Holder.Opened, Holder.Erased, Holder.DestructionCompleted]
    refused = api.decide("reinstateTitle", story.id, reason="too late")
    assert refused["refusal"]["code"] == "HOLDER_ERASED"
    assert api.decide("approveCase", open_case["id"], workConsistent=True)["refusal"]["code"] == "HOLDER_ERASED"
    anew = api.submit(holder={"name": NAME, "idNumber": NUMBER})["case"]
    assert anew["holder"]["ref"] != story.ref


def test_a_writer_who_races_with_the_erasure_is_refused(api: Api, story: Story) -> None:
    """The tombstone: whoever still has the reference can seal nothing under it, and makes no new key."""
    story.erase()
    with pytest.raises(HolderErased):
        api.registry.keyring.key_for(UUID(story.ref))
    with pytest.raises(HolderErased):
        api.registry.evidence.put([CONTENT], UUID(story.ref), "application/pdf", Purpose(uploader="somebody"))


@pytest.mark.parametrize("broken", ["key", "index", "files"])
def test_an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start(
    api: Api, story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Whichever step the crash came before, the event is recorded and the rest is derived from it."""
    store = api.registry.holder_files._store
    owner = {"key": store._keyring, "index": store._directory, "files": store._evidence}[broken]

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(owner), {"key": "destroy"}.get(broken, "forget"), crash)
        with pytest.raises(KeyboardInterrupt):
            api.registry.holder_files.erase(officer_provenance(), UUID(story.ref), BASIS)
    assert [UUID(story.ref)] == list(store.unfinished())
    assert api.registry.holder_files.finish_erasures() == 1
    assert list(store.unfinished()) == []
    story.read(story.officer, str(api.registry.journal.last_position()))
    assert found(api, tmp_path) == []


def test_a_legal_basis_that_names_the_person_is_refused(api: Api, story: Story) -> None:
    """It is kept for ever, unsealed."""
    variables = {"ref": story.ref, "basis": f"request of  {NAME[:2]} {NAME[2:]}"}
    assert api.ask(ERASE, variables, story.officer)["eraseHolder"]["refusal"]["code"] == "INVALID_INPUT"
    variables = {"ref": "00000000-0000-4000-8000-000000000000", "basis": BASIS}
    assert api.ask(ERASE, variables, story.officer)["eraseHolder"]["refusal"]["code"] == "UNKNOWN_HOLDER"


def test_restricted_data_is_kept_shown_to_nobody_and_not_decided_upon(api: Api, story: Story) -> None:
    """PIPL article 47, last sentence: stored, and processed no further; until the restriction is lifted."""
    done = api.ask(RESTRICT, {"ref": story.ref, "b": BASIS}, story.officer)["restrictHolder"]
    assert done["refusal"] is None
    others = (story.reviewer, story.applicant, api.token("AUDITOR"), api.token("ADMINISTRATOR"))
    for token in others:
        assert story.read(token, done["position"]) is None
    assert story.read(story.officer)["holder"]["name"] == NAME
    titles = '{ titleList { nodes { id } } titles(holder: {idNumber: "' + NUMBER + '"}) { id } }'
    assert api.ask(titles, None, story.reviewer) == {"titleList": {"nodes": []}, "titles": []}
    log = api.client.post(
        "/graphql",
        json={"query": "{ auditLog(first: 50) { nodes { data } } }"},
        headers=bearer(api.token("AUDITOR")) | {"X-Access-Reason": "audit 7"},
    )
    assert NAME not in log.text
    assert EMPLOYER not in log.text
    refused = api.decide("reinstateTitle", story.id, reason="too early")
    assert refused["refusal"]["code"] == "HOLDER_RESTRICTED"
    again = api.ask(RESTRICT, {"ref": story.ref, "b": BASIS}, story.officer)["restrictHolder"]
    assert again["refusal"]["code"] == "WRONG_STATE"
    lifted = api.ask(LIFT, {"ref": story.ref, "b": BASIS}, story.officer)["liftRestriction"]
    assert lifted["refusal"] is None
    assert story.read(story.reviewer, lifted["position"])["holder"]["name"] == NAME
    assert rebuilding.check(api.registry.database, api.registry.mapper, REGISTRY).is_complete


def officer_provenance() -> Any:
    """A privacy officer's provenance."""
    from domain.values import Actor, Provenance, Role

    return Provenance(actor=Actor(subject="officer", role=Role.PRIVACY_OFFICER))


def test_an_erasure_is_final_once_its_master_key_is_gone(api: Api, story: Story, tmp_path: Path) -> None:
    """The answer says by when; afterwards the old master key is dropped, others are read as before, and nobody wraps under it."""
    other = api.submit()
    answer = api.ask(ERASE.replace("refusal", "finalBy refusal"), {"ref": story.ref, "basis": BASIS}, story.officer)
    final = datetime.fromisoformat(answer["eraseHolder"]["finalBy"])
    assert timedelta(0) < final - api.clock.now <= timedelta(hours=25)
    path, pool = tmp_path / MASTER_KEY_FILE, api.registry.database.pool
    old = MasterKeys.load_or_create(path)
    assert unfinished_erasures(pool, old) is not None
    assert finish_erasures(pool, path) > 0
    new = MasterKeys.load_or_create(path)
    assert set(old.keys).isdisjoint(new.keys)
    assert unfinished_erasures(pool, new) is None
    assert finish_erasures(pool, path) == 0
    read = "query ($id: ID!, $p: Position) { case(id: $id, atLeast: $p) { holder { name } } }"
    asked = {"id": other["case"]["id"], "p": other["position"]}
    assert api.ask(read, asked, story.reviewer)["case"]["holder"]["name"] == "王敏"
    stale = PostgresKeyring(pool, old)
    with pytest.raises(MasterKeyError, match="dropped"):
        stale.key_for(uuid4())
    assert api.submit()["refusal"] is None


def test_the_night_makes_erasures_final(api: Api, story: Story, tmp_path: Path) -> None:
    """What was erased before is finished at the next night's hour, not at once, and by one process."""
    story.erase()
    path, pool = tmp_path / MASTER_KEY_FILE, api.registry.database.pool
    before = MasterKeys.load_or_create(path).current_id
    now = datetime.now(UTC)
    finishing_process(pool, path, lambda: now).step(lambda: False)
    assert MasterKeys.load_or_create(path).current_id == before
    finishing_process(pool, path, lambda: now + timedelta(days=1)).step(lambda: False)
    assert MasterKeys.load_or_create(path).current_id != before


def test_whoever_reads_while_a_master_key_is_dropped_reads_on(api: Api, story: Story, tmp_path: Path) -> None:
    """A key that was asked for under the old master key, and is opened when that is gone, is asked for once more."""
    other = UUID(api.submit()["case"]["holder"]["ref"])
    story.erase()
    path, pool = tmp_path / MASTER_KEY_FILE, api.registry.database.pool

    class Slow(MasterKeyFile):
        """Between the question and its use, the night comes."""

        def now(self) -> MasterKeys:
            finish_erasures(pool, path)
            return super().now()

    assert PostgresKeyring(pool, Slow(path)).existing_key(other) == api.registry.keyring.existing_key(other)


def test_no_master_key_is_made_by_what_makes_erasures_final(api: Api, story: Story, tmp_path: Path) -> None:
    """Where the file is gone, the night says so, and makes none beside wrapped keys."""
    story.erase()
    path, pool = tmp_path / MASTER_KEY_FILE, api.registry.database.pool
    kept = path.rename(tmp_path / "elsewhere")
    for act in (lambda: finish_erasures(pool, path), lambda: drop_old(pool, path)):
        with pytest.raises(MasterKeyError, match=r"master\.keys"):
            act()
    with pytest.raises(MasterKeyError):
        finishing_process(pool, path, lambda: datetime.now(UTC) + timedelta(days=1)).step(lambda: False)
    assert not path.exists()
    kept.rename(path)
