"""Why attestations are not signed, or an act of an operator on their keys is not done.

Exception
└── AttestationKeyError    attestation-key    the key that signs is not there, malformed, or open to others; or the last one
"""

from __future__ import annotations

from typing import ClassVar

from domain.messages import SpokenError


class AttestationKeyError(SpokenError):
    """The keys of the attestations are not those that the database names, or can't be used; one sentence names the way out."""

    code: ClassVar[str] = "attestation-key"
