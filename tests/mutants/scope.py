"""What is mutated, and by which tests it is tried.

``WHOLE`` are the modules whose every mutant is tried: guards, what events do to states, rights, and what somebody is shown. Of the
rest of the domain and the application a sample is tried: those mutants whose names, with the seed, have the smallest digests, so
that an edit elsewhere changes nothing about who is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.lines import ROOT, digest
from tests.mutants.operators import Mutant, enumerations, mutants

WHOLE: Final = (
    "domain/base.py",
    "domain/guards.py",
    "domain/case/guards.py",
    "domain/case/title_guards.py",
    "domain/case/events.py",
    "domain/case/title_events.py",
    "domain/claim.py",
    "domain/entry_claim.py",
    "domain/holder.py",
    "domain/integrity.py",
    "domain/officer.py",
    "domain/catalog/catalog.py",
    "domain/catalog/proposal.py",
    "application/access.py",
    "application/disclosure.py",
    "application/permissions.py",
    "application/viewing.py",
)
SAMPLE: Final = 300
SEED: Final = 10

FIRST: Final = ("domain", "application", "matching", "catalog", "log", "golden")
"""The folders of tests that run without a server, each in milliseconds."""
FURTHER: Final = ("api", "audit", "infrastructure", "transparency")
"""Those that try what the first leave alive."""
APART: Final = frozenset(
    {
        "tests/api/test_attacks.py",
        "tests/api/test_fair_to_others.py",
        "tests/api/test_fuzz.py",
        "tests/api/test_hostile_values.py",
        "tests/api/test_long_work.py",
        "tests/api/test_outages.py",
        "tests/api/test_uploads_are_bounded.py",
        "tests/api/test_watching.py",
        "tests/api/test_work_is_bounded.py",
        "tests/infrastructure/test_embedded_postgres.py",
        "tests/infrastructure/test_group_commit.py",
        "tests/infrastructure/test_migrations.py",
        "tests/infrastructure/test_outage_kinds.py",
        "tests/infrastructure/test_recorder.py",
        "tests/infrastructure/test_recorder_library_cases.py",
    }
)
"""Files that ask how a running server bears up, not what the domain says: they take long, and other tests execute the same lines."""
PAGES: Final = {
    "tests/domain/test_guards.py::test_the_page_of_rules_is_current": "tests/docs/rules.py",
    "tests/api/test_permissions.py::test_the_printed_matrix_is_the_codes": "application/permissions.py",
}
"""Tests that hold a printed page to the code, and the module that prints it. Whoever prints the page anew holds nothing any more, so
they kill mutants of that module alone.
"""


def chosen(sources: Mapping[str, str], sample: int = SAMPLE, seed: int = SEED) -> list[Mutant]:
    """All mutants of the whole modules, and the sample of the others."""
    members = enumerations(sources)
    whole = [each for path in WHOLE for each in mutants(path, sources[path], members)]
    rest = [each for path in sorted(sources) if path not in WHOLE for each in mutants(path, sources[path], members)]
    rest.sort(key=lambda each: digest(str(seed), each.key))
    return whole + sorted(rest[:sample], key=lambda each: (each.path, each.number))


def files(folders: tuple[str, ...]) -> list[str]:
    """The test files of these folders."""
    found = (file for folder in folders for file in sorted((ROOT / "tests" / folder).rglob("test_*.py")))
    return [name for name in (str(file.relative_to(ROOT)) for file in found) if name not in APART]
