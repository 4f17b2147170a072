"""A Token Status List: the statuses of many attestations as one compressed array of bits (draft-ietf-oauth-status-list).

Exception
└── StatusListRefused      the list is malformed, or says nothing of an index
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64decode
from binascii import Error as MalformedBase64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Self

from domain.attestation.sd_jwt import base64url

BITS: Final = frozenset({1, 2, 4, 8})
"""How many bits a status may take."""
LARGEST: Final = 2**24
"""Bytes of the largest array that is unpacked: a list from elsewhere is never believed about its size."""


class StatusListRefused(ValueError):
    """A status list is malformed, or has no status under an index."""


class StatusType(IntEnum):
    """What a status says ("Status Types Values"): good; ended for good; or that nothing is said of it for the time being."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True)
class StatusList:
    """The statuses by index, ``bits`` of them each, packed from the least significant bit on ("Compressed Byte Array")."""

    bits: int
    array: bytes

    @classmethod
    def of(cls, statuses: Mapping[int, int], *, size: int, bits: int) -> Self:
        """The list of ``size`` statuses, all VALID but those named. Raises ``StatusListRefused``."""
        if bits not in BITS or size * bits % 8:
            raise StatusListRefused(f"{size} statuses of {bits} bits do not fill whole bytes of 1, 2, 4 or 8 bits each")
        array, each = bytearray(size * bits // 8), 8 // bits
        for index, status in statuses.items():
            if not (0 <= index < size and 0 <= status < 1 << bits):
                raise StatusListRefused(f"the status {status} of {index} does not fit {size} statuses of {bits} bits")
            array[index // each] |= status << index % each * bits
        return cls(bits, bytes(array))

    @classmethod
    def parse(cls, claim: Mapping[str, Any]) -> Self:
        """The list of a ``status_list`` claim. Raises ``StatusListRefused``."""
        bits, text = claim.get("bits"), claim.get("lst")
        if bits not in BITS or isinstance(bits, bool) or not isinstance(text, str):
            raise StatusListRefused("the claim has no bits of 1, 2, 4 or 8 beside a list")
        try:
            unpacking = zlib.decompressobj()
            array = unpacking.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), LARGEST)
        except (zlib.error, MalformedBase64, ValueError):
            raise StatusListRefused("the list is not compressed as ZLIB (RFC 1950) in base64url") from None
        if not unpacking.eof:
            raise StatusListRefused(f"the list is cut off, or unpacks to more than {LARGEST} bytes")
        return cls(int(bits), array)

    def claim(self) -> dict[str, Any]:
        """The ``status_list`` claim ("Status List in JSON Format")."""
        return {"bits": self.bits, "lst": base64url(zlib.compress(self.array, 9))}

    def status(self, index: int) -> int:
        """The status under an index. Raises ``StatusListRefused`` beyond the list: then nothing is known, and nothing to be accepted."""
        each = 8 // self.bits
        if not 0 <= index < len(self.array) * each:
            raise StatusListRefused(f"the list has no index {index}")
        return self.array[index // each] >> index % each * self.bits & (1 << self.bits) - 1
