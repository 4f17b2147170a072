"""What a pack proves, and what it says it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.pack.conftest import MATCHED_BY, Archive, verified
from tests.sources import ROOT

_PRESENT = tuple(each for each in MATCHED_BY if each != "certificate.grade")


def test_an_untouched_pack_raises_no_alarm(archive: Archive) -> None:
    """A revoked case and one in force; persons stay sealed, and what is not derived for it is said."""
    for number, status, title in ((archive.revoked, "REVOKED", "REVOKED"), (archive.standing, "APPROVED", "CURRENT")):
        pack = archive.export(number)
        found = verified(pack.data, archive.vkey)
        assert (found.case_number, found.status, found.title_status) == (number, status, title)
        assert found.award is not None
        assert found.award.title == "工程师"
        assert (found.events, found.leaves) == (pack.events, pack.leaves)
        assert found.matches == 0
        assert "sealed" in str(found.remarks[0])
        assert pack.shown == {}
        assert "王敏" not in pack.data.decode()
    raw = archive.pack(archive.revoked)
    assert {each["kind"] for each in raw["streams"]} >= {
        "recognition-case",
        "catalog",
        "certificate-claim",
        "entry-claim",
        "integrity-record",
    }
    assert {*raw} - {"about"} == {*raw["about"]}, "each part says what it is"


def test_the_ground_of_a_revocation_is_not_compared_while_it_is_sealed(archive: Archive) -> None:
    """A rule that compares two sealed values is named as not derived, and derived once they are disclosed."""
    sealed = verified(archive.export(archive.revoked).data, archive.vkey)
    assert any("confirmed_as_proposed" in str(each) for each in sealed.remarks)
    shown = verified(archive.export(archive.revoked, "ground").data, archive.vkey)
    assert not any("confirmed_as_proposed" in str(each) for each in shown.remarks)
    assert {each.value for each in shown.disclosed} == {"forged"}


def test_what_matching_reads_has_the_match_derived(archive: Archive) -> None:
    """With the certificate's text disclosed the matcher answers anew; nothing else of the person is shown, and no key."""
    pack = archive.export(archive.standing, *_PRESENT)
    found = verified(pack.data, archive.vkey)
    assert found.matches == 1
    assert found.remarks == ()
    assert {each.field for each in found.disclosed} == set(_PRESENT)
    assert [*pack.shown.values()] == [frozenset(_PRESENT)]
    assert "王敏" not in pack.data.decode()


def test_a_group_of_fields_is_disclosed_by_its_name(archive: Archive) -> None:
    """``holder`` shows name and number, of whatever event; a value is the one that was sealed."""
    found = verified(archive.export(archive.standing, "holder").data, archive.vkey)
    assert {each.field: each.value for each in found.disclosed}["holder.name"] == "王敏"


def test_a_pack_is_verified_in_an_empty_folder_without_a_registry(archive: Archive, tmp_path: Path) -> None:
    """In a process of its own that names no database and loads nothing of infrastructure: exit code 0, the time told."""
    (tmp_path / "case.json").write_bytes(archive.export(archive.revoked, *_PRESENT).data)
    script = (
        "import sys\nimport application.pack.verifying, application.pack.whole\n"
        "first = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not first & {'infrastructure', 'psycopg', 'console', 'catalog'}, first\n"
        "from console.cli import app\ntry:\n app(sys.argv[1:])\nexcept SystemExit as end:\n code = end.code\n"
        "loaded = {name for name in sys.modules if name.partition('.')[0] in {'infrastructure', 'psycopg', 'strawberry'}}\n"
        "assert loaded <= {'infrastructure', 'infrastructure.locale_settings'}, loaded\nsys.exit(code)"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "graphql"), *filter(None, sys.path)])
    words = ["audit", "verify", "case.json", "--key", archive.vkey, "--json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["verified"], told["status"], told["matches derived"]) == (True, "REVOKED", 1)
    assert told["seconds"] > 0
    assert [each.name for each in tmp_path.iterdir()] == ["case.json"]


def test_an_erasure_takes_what_only_the_person_s_data_shows(archive: Archive) -> None:
    """What still follows is derived; that the match no longer can be is said, with its ground."""
    api = archive.api
    case = api.submit()["case"]
    erase = 'mutation ($ref: ID!) { eraseHolder(ref: $ref, legalBasis: "PIPL 47") { refusal { code } } }'
    erased = api.ask(erase, {"ref": case["holder"]["ref"]}, api.token("PRIVACY_OFFICER"))
    assert erased["eraseHolder"]["refusal"] is None
    archive.sign()
    found = verified(archive.export(case["caseNumber"]).data, archive.vkey)
    assert (found.status, found.matches) == ("WITHDRAWN", 0)
    assert "erased" in str(found.remarks[0])
