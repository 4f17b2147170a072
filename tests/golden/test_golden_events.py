"""Every event ever stored decodes with today's code, to the values it was stored with."""

import json
from typing import ClassVar
from uuid import UUID

import orjson
import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import register_topic, resolve_topic

from application.personal_plan import check_event_classes, personal_paths
from application.sealed_values import is_sealed, place
from domain import streams
from domain.base import Created
from domain.catalog.timeline import AmendmentIssued, CatalogPublished
from domain.messages import Language
from domain.values import Personal
from infrastructure.mapper import StoredEventError
from infrastructure.sealing.seals import seal
from tests.golden import write
from tests.golden.archive import (
    FOLDER,
    MAPPER,
    FixedKeyring,
    aggregates,
    digest,
    event_classes,
    files,
    golden,
    path_of,
    stored_event,
    sums,
)
from tests.golden.examples import BY, examples

FILES = files()
CLASSES = event_classes()


def test_every_event_class_has_its_golden_file():
    """No topic and no class version goes without a file; `python -m tests.golden.write` writes what is missing."""
    assert [aggregate.__name__ for aggregate in aggregates()] == [
        "Catalog",
        "CatalogProposal",
        "CertificateClaim",
        "DecisionImport",
        "EntryClaim",
        "Holder",
        "IntegrityRecord",
        "Officer",
        "RecognitionCase",
    ]
    assert len(CLASSES) == 54
    due = {
        f"{topic}.v{version}.json"
        for topic, event_class in CLASSES.items()
        for version in range(1, event_class.class_version + 1)
    }
    assert due == FILES.keys()


def test_every_event_class_is_known_by_its_topic():
    """A topic resolves to the class that the aggregate records, and storage can seal and read back each."""
    assert {topic: resolve_topic(topic) for topic in CLASSES} == CLASSES
    assert check_event_classes(CLASSES.values()) == len(CLASSES)


@pytest.mark.parametrize("name", FILES)
def test_it_decodes_with_todays_code(name):
    """What was stored reads as it was meant, in the class of its topic."""
    file = FILES[name]
    event = MAPPER.to_domain_event(stored_event(file))
    assert type(event) is CLASSES[file["topic"]]
    assert name.startswith(f"{event.TOPIC}.v")
    assert event.model_dump(mode="json") == file["expected"]
    assert all(event.summary.text(language) for language in Language)


@pytest.mark.parametrize("event", list(examples()), ids=lambda event: event.TOPIC)
def test_todays_code_stores_what_the_file_says(event):
    """The present version of a class writes the same fields and values as its file, seals apart, which are never equal."""
    file, fresh = FILES[path_of(type(event)).name], golden(event)
    assert _without_seals(fresh) == _without_seals(file)
    assert file["state"].get("class_version", 1) == event.class_version


def test_files_are_never_rewritten():
    """Each file is the one that was written once: its digest stands in SHA256SUMS, one line a file."""
    assert sums() == {path.name: digest(path) for path in FOLDER.glob("*.json")}
    assert len(sums()) == len(FILES) > 0


def test_writing_adds_what_is_missing_and_leaves_the_rest(tmp_path, monkeypatch):
    """The command writes a missing file, and a file that is there stays as it is, whatever stands in it."""
    monkeypatch.setattr("tests.golden.archive.FOLDER", tmp_path)
    monkeypatch.setattr(write, "SUMS", tmp_path / "SHA256SUMS")
    present = {path_of(type(event)).name for event in examples()}
    kept = tmp_path / path_of(CatalogPublished).name
    kept.write_text("kept", encoding="utf-8")
    assert sorted(write.write_missing()) == sorted(present - {kept.name})
    assert kept.read_text(encoding="utf-8") == "kept"
    assert write.write_missing() == []
    unsealed = path_of(AmendmentIssued).name
    assert json.loads((tmp_path / unsealed).read_bytes()) == FILES[unsealed]
    assert len((tmp_path / "SHA256SUMS").read_text(encoding="utf-8").splitlines()) == len(present) - 1


def test_the_files_hold_every_field():
    """Examples fill every field, so that none is decoded untested; personal ones are sealed in the files."""
    sealed = 0
    for file in FILES.values():
        empty = {name for name, value in file["expected"].items() if value in (None, [], "")}
        assert empty == set()
        sealed += len(_seals(file["state"]))
    assert sealed >= sum(len(personal_paths(event_class)) for event_class in CLASSES.values()) > 0


def _without_seals(value):
    if is_sealed(value):
        return "sealed"
    if isinstance(value, dict):
        return {name: _without_seals(each) for name, each in value.items()}
    return [_without_seals(each) for each in value] if isinstance(value, list) else value


def _seals(value):
    if is_sealed(value):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for each in inner for found in _seals(each)]


class Renamed(Created):
    """An event whose shape changed twice: version 2 renamed a field, version 3 split it."""

    TOPIC: ClassVar[str] = "golden-tests.renamed"
    class_version: ClassVar[int] = 3

    holder_ref: UUID
    family: Personal
    given: Personal
    day: str

    @staticmethod
    def upcast_v1_v2(state):
        state["person"] = state.pop("name")
        state["day"] = "unknown"

    @staticmethod
    def upcast_v2_v3(state):
        person = state.pop("person")
        state["family"], state["given"] = person.split(" ") if person else (None, None)


class RenamedOnce(Created):
    """The same event as it was at version 2."""

    TOPIC: ClassVar[str] = "golden-tests.renamed-once"
    class_version: ClassVar[int] = 2

    person: str
    day: str

    @staticmethod
    def upcast_v1_v2(state):
        Renamed.upcast_v1_v2(state)


register_topic(Renamed.TOPIC, Renamed)
register_topic(RenamedOnce.TOPIC, RenamedOnce)
STREAM = UUID("c0ffee00-0000-4000-8000-000000000001")


def stored(topic, **state):
    """A stored event as an older release wrote it."""
    state |= {
        "by": BY.model_dump(mode="json"),
        "originator_topic": "golden-tests",
        "recorded_at": "2024-05-06T04:00:00Z",
    }
    return StoredEvent(STREAM, 1, topic, orjson.dumps(state, option=orjson.OPT_SORT_KEYS))


class TestUpcasting:
    """A change of shape raises the class version; older states are lifted before they are validated."""

    def test_from_one_version_to_the_next(self):
        """A state without class version is of version 1."""
        event = MAPPER.to_domain_event(stored(RenamedOnce.TOPIC, name="王 小明"))
        assert (event.person, event.day) == ("王 小明", "unknown")
        assert event.recorded_at.isoformat() == "2024-05-06T04:00:00+00:00"

    @pytest.mark.parametrize(
        ("field", "state"),
        [("name", {}), ("person", {"class_version": 2, "day": "unknown"})],
        ids=["from version 1", "from version 2"],
    )
    def test_through_a_chain_with_seals(self, field, state):
        """Steps run one after the other from the stored version on; seals open first, in the shape they were made in."""
        holder = UUID(int=9)
        sealed = seal(FixedKeyring().key_for(holder), "王 小明", place(STREAM, 1, Renamed.TOPIC, field))
        event = MAPPER.to_domain_event(stored(Renamed.TOPIC, holder_ref=str(holder), **{field: sealed}, **state))
        assert (event.family, event.given, event.day) == ("王", "小明", "unknown")

    def test_todays_version_is_stored_with_its_number(self):
        """What is written today says its version, and reads back without a step."""
        event = RenamedOnce(
            originator_id=STREAM,
            originator_version=1,
            timestamp="2024-05-06T04:00:00Z",
            by=BY,
            originator_topic="golden-tests",
            person="王 小明",
            day="today",
        )
        written = MAPPER.to_stored_event(event)
        assert orjson.loads(written.state)["class_version"] == 2
        assert MAPPER.to_domain_event(written) == event

    @pytest.mark.parametrize("version", [0, 3, "2"])
    def test_a_version_from_the_future_is_refused(self, version):
        """An older release does not guess at what a newer one wrote."""
        with pytest.raises(StoredEventError, match="version"):
            MAPPER.to_domain_event(stored(RenamedOnce.TOPIC, person="p", day="d", class_version=version))


def test_the_start_up_check_knows_every_event() -> None:
    """What the domain lists for the check at start is what its modules hold."""
    assert set(streams.event_classes()) == set(CLASSES.values())
