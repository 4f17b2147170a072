"""A large import is shared among processes, and comes to what one process makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure import importing
from infrastructure.audit.check import check_all
from infrastructure.composition import open_registry
from infrastructure.importing import take_in
from infrastructure.settings import Settings
from tests.api.test_importing import DIGEST, administrator, rows


def test_shares_of_a_file_are_taken_in_at_once(database: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row once, by whichever process; a person of two rows in two shares is one holder with both titles."""
    monkeypatch.setattr(importing, "A_SHARE", 3)
    settings = Settings(
        database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path, pool_min_size=0
    )
    listed = rows(12)
    for row in listed[6:]:  # the persons of the first shares once more, for another entry
        row.cells |= {"id_number": listed[row.row - 7].cells["id_number"], "entry": "57"}
    with open_registry(settings) as registry:
        registry.imports.sign(administrator("first"), DIGEST, 12)
        begun = registry.imports.begin(administrator("second"), DIGEST)
        found = list(take_in(registry.imports, settings, administrator("second"), begun, listed, processes=2))
        assert sorted(each.row for each in found) == [*range(1, 13)]
        assert [each.refused for each in found] == [None] * 12
        assert len({each.case_number for each in found}) == 12
        assert check_all(registry.audited).findings == []
