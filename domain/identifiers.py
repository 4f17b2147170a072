"""How streams and cases get their identifiers: derived where uniqueness must hold, never from an identity number."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10")
"""The registry's own UUID namespace (RFC 9562, section 5.5); changing it would orphan every derived stream."""

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("ILO", "110")
_CASE_NUMBER: Final = re.compile(
    r"(?P<prefix>[A-Z]{2,4})(?P<year>\d{4})[-‐-―−]?(?P<first>[0-9A-Z]{5})[-‐-―−]?(?P<second>[0-9A-Z]{5})", re.ASCII
)
"""As somebody types it: the dashes of keyboards and word processors, or none."""


def catalog_id(code: str) -> UUID:
    """The stream of the catalog with this code."""
    return uuid5(NAMESPACE, f"catalog\n{code}")


def case_id(subject: str, idempotency_key: str) -> UUID:
    """The stream of the case that this subject submitted under this key: a retry meets its own first attempt."""
    return uuid5(NAMESPACE, f"case\n{subject}\n{idempotency_key}")


def integrity_record_id(case: UUID, revoked_at_version: int) -> UUID:
    """The stream of the integrity record that one revocation of one case files."""
    return uuid5(NAMESPACE, f"integrity\n{case}\n{revoked_at_version}")


@lru_cache(maxsize=4_096)  # asked several times of a case while it is decided
def entry_claim_id(holder_ref: UUID, catalog_code: str, entry_number: int, grade: str | None) -> UUID:
    """The stream of a holder's claim on an entry and grade, whatever the version; from the holder's random reference."""
    return uuid5(NAMESPACE, f"entry claim\n{holder_ref}\n{catalog_code}\n{entry_number}\n{grade or ''}")


def amendment_id(catalog: UUID, version: int) -> UUID:
    """The identifier of the amendment that a catalog stream records at this version."""
    return uuid5(NAMESPACE, f"amendment\n{catalog}\n{version}")


def decision_import_id(sha256: str) -> UUID:
    """The stream of the import of the file with this digest, so that it is imported once."""
    return uuid5(NAMESPACE, f"decision import\n{sha256}")


def imported_case_id(decision_import: UUID, row: int) -> UUID:
    """The stream of the case that one row of an imported file is: an import that goes on meets what it brought in already."""
    return uuid5(NAMESPACE, f"imported case\n{decision_import}\n{row}")


def title_id(case: UUID) -> UUID:
    """The identifier of the title that a case leads to."""
    return uuid5(NAMESPACE, f"title\n{case}")


def holder_stream(holder_ref: UUID) -> UUID:
    """The stream of what was decided about a holder's data as a whole, from the holder's random reference."""
    return uuid5(NAMESPACE, f"holder\n{holder_ref}")


def case_number(case: UUID, submitted_on: date, prefix: str) -> str:
    """What people quote: ``ZJ2026-4T9QK-7H2MB``, the province, the year, the stream's low 50 bits in Crockford's base 32."""
    bits = case.int & (2**50 - 1)  # the low bits: RFC 9562 puts version and variant above bit 62
    digits = "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(45, -1, -5))
    return f"{prefix}{submitted_on.year}-{digits[:5]}-{digits[5:]}"


def is_case_number(text: str) -> bool:
    """Whether a text has the form of a case number, of whichever province, as somebody types it; not whether there is such a case."""
    return _CASE_NUMBER.fullmatch(_folded(text)) is not None


def normalised_case_number(text: str) -> str:
    """A case number as it is recorded, from what somebody typed: lower case, blanks, full-width signs or other dashes.

    I, L and O are read as the digits they stand for (Crockford's base 32); a text that is no case number comes back folded.
    """
    folded = _folded(text)
    match = _CASE_NUMBER.fullmatch(folded)
    if match is None:
        return folded
    digits = (match["first"] + match["second"]).translate(_READ_AS)
    return f"{match['prefix']}{match['year']}-{digits[:5]}-{digits[5:]}"


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).upper().split())
