"""What an attestation of a title states: the names of its claims, as they stand in the signed document."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class AttestedClaim(StrEnum):
    """A claim of an attestation; its term in the catalogue of messages is what wallets call it."""

    TITLE = "title"
    LEVEL = "level"
    FIELD = "field"
    RECOGNIZED_ON = "recognized_on"
    AUTHORITY = "authority"
    CATALOG = "catalog"
    VALID_FOR_APPOINTMENT = "valid_for_appointment"
    VALID_FOR_PROMOTION = "valid_for_promotion"
    COUNTED_EXPERIENCE_MONTHS = "counted_experience_months"
    NAME = "name"
    IDENTITY_TYPE = "identity_type"
    IDENTITY_NUMBER = "identity_number"
    CERTIFICATE_NUMBER = "certificate_number"
    CASE_NUMBER = "case_number"


CONCEALED: Final = frozenset(
    {
        AttestedClaim.NAME,
        AttestedClaim.IDENTITY_TYPE,
        AttestedClaim.IDENTITY_NUMBER,
        AttestedClaim.CERTIFICATE_NUMBER,
        AttestedClaim.CASE_NUMBER,
    }
)
"""Those by which a person is found: shown to a verifier one by one, as the holder chooses."""
