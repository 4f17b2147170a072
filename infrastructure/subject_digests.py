"""By what a subject is known in logs: a keyed digest, the same at every start, from which nobody without the keys learns who it is."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from infrastructure.sealing.keyring import INDEX_REF, Keyring
from infrastructure.sealing.seals import KEY_BYTES

LENGTH: Final = 16
"""Hexadecimal digits: enough to tell a registry's subjects apart."""


class SubjectDigests:
    """Digests of subjects under a secret derived (HKDF, RFC 5869) from the keyring's reserved one."""

    def __init__(self, keyring: Keyring) -> None:
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"recognition-registry/log-subjects/1")
        self._secret = derivation.derive(keyring.key_for(INDEX_REF))
        self._digest = lru_cache(maxsize=4096)(self._made)

    def __call__(self, subject: str) -> str:
        """The digest of a subject as its token names it."""
        return self._digest(subject)

    def _made(self, subject: str) -> str:
        return hmac.new(self._secret, subject.encode(), hashlib.sha256).hexdigest()[:LENGTH]
