"""Token Status Lists: the public vectors of the draft agree, and what is malformed says nothing."""

from __future__ import annotations

import json
import os
import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attestation.sd_jwt import base64url
from domain.attestation.status_list import BITS, LARGEST, StatusList, StatusListRefused, StatusType

FOLDER = Path(os.environ.get("RECOGNITION_LOG_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")
EXAMPLES = FOLDER / "status_list" / "examples"
needed = pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the public vectors are not here; RECOGNITION_LOG_VECTORS names their folder"
)
PRINTED = {
    "status_list_encoding_json.md": (1, bytes([0xB9, 0xA3])),
    "status_list_encoding2_json.md": (2, bytes([0xC9, 0x44, 0xF9])),
}
"""The byte arrays that the draft prints beside their encodings."""
PLACES = (0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345)
LONG = {
    "status_list_encoding1_long_json.md": (1, dict.fromkeys(PLACES, 1)),
    "status_list_encoding2_long_json.md": (2, dict(zip(PLACES, (1, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3), strict=True))),
    "status_list_encoding4_json.md": (
        4,
        {
            0: 1,
            1993: 2,
            35460: 3,
            459495: 4,
            595669: 5,
            754353: 6,
            845645: 7,
            923232: 8,
            924445: 9,
            934534: 10,
            1004534: 11,
            1000345: 12,
            1030203: 13,
            1030204: 14,
            1030205: 15,
        },
    ),
}
"""What the draft's appendix of test vectors sets in lists of 2**20 entries."""


def claim_in(name: str) -> dict[str, object]:
    """The JSON of an example; its lines are broken for print."""
    text = (EXAMPLES / name).read_text("utf-8")
    found = json.loads(re.sub(r"\n\s*", "", text[text.index("{") :]))
    assert isinstance(found, dict)
    return found


@needed
@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_array_is_the_encoding_of_its_statuses(name: str) -> None:
    """Bits are packed from the least significant on, and compressed as ZLIB in base64url."""
    bits, array = PRINTED[name]
    claim = claim_in(name)
    assert StatusList.parse(claim) == StatusList(bits, array)
    assert StatusList(bits, array).claim() == claim


@needed
@pytest.mark.parametrize("name", LONG)
def test_a_list_of_a_million_entries_says_what_was_set(name: str) -> None:
    """The lists of the draft's appendix: what is set there, and VALID everywhere else; made anew, it is the same array."""
    bits, statuses = LONG[name]
    found = StatusList.parse(claim_in(name))
    assert found.bits == bits
    assert {index: found.status(index) for index in statuses} == statuses
    assert found == StatusList.of(statuses, size=2**20, bits=bits)
    with pytest.raises(StatusListRefused, match="no index"):
        found.status(2**20)


@needed
def test_a_list_of_bytes_says_each_value_once() -> None:
    """In the list of eight bits a status stands an index, each of the 256 values once but for VALID."""
    found = StatusList.parse(claim_in("status_list_encoding8_json.md"))
    assert found.status(233478) == 0
    assert found.status(52451) == 1
    assert found.status(55649) == 14
    assert sorted(filter(None, found.array)) == list(range(1, 256))


@given(st.data(), st.sampled_from(sorted(BITS)), st.integers(1, 64))
def test_what_is_set_is_read(data: st.DataObject, bits: int, eighths: int) -> None:
    """Of any list: through its claim and back, each index says what was set, and every other says VALID."""
    size = 8 * eighths
    statuses = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(0, 2**bits - 1)))
    found = StatusList.parse(StatusList.of(statuses, size=size, bits=bits).claim())
    assert [found.status(index) for index in range(size)] == [
        statuses.get(index, StatusType.VALID) for index in range(size)
    ]


@pytest.mark.parametrize(
    ("statuses", "size", "bits"), [({8: 1}, 8, 1), ({-1: 1}, 8, 1), ({0: 2}, 8, 1), ({}, 7, 1), ({}, 8, 3)]
)
def test_what_does_not_fit_is_no_list(statuses: dict[int, int], size: int, bits: int) -> None:
    """An index or a status beyond the list, a list that ends within a byte, or bits that the draft does not know."""
    with pytest.raises(StatusListRefused):
        StatusList.of(statuses, size=size, bits=bits)


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"bits": 3, "lst": "eNrbuRgAAhcBXQ"},
        {"bits": True, "lst": "eNrbuRgAAhcBXQ"},
        {"bits": 1, "lst": 7},
        {"bits": 1, "lst": "!!"},
        {"bits": 1, "lst": "eNrbuRgAAhcB"},
        {"bits": 1, "lst": base64url(b"not compressed")},
        {"bits": 1, "lst": base64url(zlib.compress(bytes(LARGEST + 1)))},
    ],
)
def test_what_is_malformed_says_nothing(claim: dict[str, object]) -> None:
    """A list from elsewhere that is cut off, no ZLIB, of unknown bits or a bomb is refused, not half believed."""
    with pytest.raises(StatusListRefused):
        StatusList.parse(claim)
