"""What can go wrong with keys and seals.

    Refused
    └── HolderErased             HOLDER_ERASED: an answer to the caller, not a failure
    SealingError                 code
    ├── SealBrokenError          seal-broken: altered, moved, or sealed under another key
    ├── HolderKeyMissingError    holder-key-missing: no key and no tombstone; never taken for erasure
    └── MasterKeyError           master-key: unknown, malformed, or readable by others

No message holds personal data, a key or a ciphertext.
"""

from __future__ import annotations

from typing import ClassVar

from domain.messages import SpokenError, tell
from domain.refusals import RefusalCode, Refused


class HolderErased(Refused):
    """Nothing more can be sealed for a holder whose key was destroyed (PIPL art. 47)."""

    def __init__(self) -> None:
        super().__init__(
            RefusalCode.HOLDER_ERASED,
            tell("holder.erased"),
            "holder",
        )

    def __reduce__(self) -> tuple[type[HolderErased], tuple[()]]:
        """Rebuild without arguments, since the refusal has none."""
        return type(self), ()


class SealingError(SpokenError):
    """Base of the failures of keys and seals; ``code`` is stable."""

    code: ClassVar[str] = "sealing"


class SealBrokenError(SealingError):
    """A sealed value does not open in the place where it stands: altered, moved, or sealed under another key."""

    code = "seal-broken"


class HolderKeyMissingError(SealingError):
    """A holder has neither key nor tombstone, as after restoring events without their key table."""

    code = "holder-key-missing"


class MasterKeyError(SealingError):
    """A master key is unknown, malformed, or its file is open to other users."""

    code = "master-key"
