"""Who and what a secret number leads to, without keeping the number: keyed digests that erasure removes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg_pool import ConnectionPool

from domain.identity_numbers import normalised_identity_number
from domain.text import identifying_form
from domain.values import Person
from infrastructure.postgres.pools import read_over
from infrastructure.sealing.keyring import INDEX_REF, Keyring
from infrastructure.sealing.seals import KEY_BYTES

_NO_CASE: Final = UUID(int=0)
_FIND: Final = "SELECT holder_ref FROM registry.lookups WHERE digest = %s AND case_id = %s"
_ADD: Final = (
    "INSERT INTO registry.lookups (digest, case_id, holder_ref) VALUES (%s, %s, %s)"
    " ON CONFLICT (digest, case_id) DO NOTHING RETURNING holder_ref"
)
_ENTER: Final = (
    "INSERT INTO registry.lookups (digest, case_id, holder_ref)"
    " SELECT digest, case_id, %s FROM unnest(%s::bytea[], %s::uuid[]) AS given (digest, case_id)"
    " ON CONFLICT (digest, case_id) DO NOTHING RETURNING digest"
)
_CASES: Final = "SELECT case_id FROM registry.lookups WHERE digest = %s"
_REGISTER: Final = (
    "INSERT INTO registry.officers (subject, digest) VALUES (%s, %s)"
    " ON CONFLICT (subject) DO UPDATE SET digest = EXCLUDED.digest, registered_at = now()"
)
_OFFICER: Final = (
    "SELECT l.holder_ref FROM registry.officers AS o LEFT JOIN registry.lookups AS l ON l.digest = o.digest AND l.case_id = %s"
    " WHERE o.subject = %s"
)
_FORGET: Final = "DELETE FROM registry.lookups WHERE holder_ref = %s"


class HolderDirectory:
    """``registry.lookups``: HMAC-SHA256 over an identity number to its holder, over a certificate's number to its cases.

    Whoever has the table, and all that is public, can try no number on it. The key is derived (HKDF, RFC 5869) from a secret
    that the keyring keeps wrapped by the master key like any data key, so that a rotation of the master key leaves every
    look-up as it is. Safe to share by threads.
    """

    def __init__(
        self, pool: ConnectionPool[Any], keyring: Keyring, *, require_room: Callable[[], None] = lambda: None
    ) -> None:
        """Fetch the secret of the look-ups, or make it on first use; ``require_room`` raises where nobody new may be stored."""
        self._pool, self._require_room = pool, require_room
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"recognition-registry/lookups/1")
        self._key = derivation.derive(keyring.key_for(INDEX_REF))

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder with this number, None when the registry knows none (or has forgotten them)."""
        asked = [self._identity(id_type, id_number), _NO_CASE]
        row = read_over(self._pool, lambda connection: connection.execute(_FIND, asked).fetchone())
        return row[0] if row else None

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder with this number, or a new random reference; callers at the same moment all get the same one.

        Committed before the case that uses it: a crash leaves at most a reference that no event names.
        """
        digest = self._identity(id_type, id_number)
        self._require_room()
        with self._pool.connection() as connection:
            while True:  # a second round only where the row that was in the way was forgotten before it was read
                row = connection.execute(_ADD, [digest, _NO_CASE, uuid4()]).fetchone()
                row = row or connection.execute(_FIND, [digest, _NO_CASE]).fetchone()
                if row is not None:
                    return UUID(str(row[0]))

    def enter(self, person: Person, case_id: UUID, certificate_number: str | None) -> UUID:
        """See ``Holders``; one statement for somebody new, two for somebody known.

        Committed before the case: a crash leaves at most digests that lead to a reference or a case that no event names.
        """
        self._require_room()
        identity = self._identity(person.id_type or "", person.id_number or "")
        certificate = None if certificate_number is None else self._certificate(certificate_number)
        digests, cases = [identity], [_NO_CASE]
        if certificate is not None:
            digests, cases = [identity, certificate], [_NO_CASE, case_id]
        with self._pool.connection() as connection:
            entered = {bytes(digest) for (digest,) in connection.execute(_ENTER, [person.ref, digests, cases])}
            if identity in entered:
                return person.ref
            row = connection.execute(_FIND, [identity, _NO_CASE]).fetchone()
            ref = UUID(str(row[0])) if row else person.ref
            if ref == person.ref:
                return ref
            # Somebody else was faster: what was entered under this reference is the other's.
            connection.execute(_FORGET, [person.ref])
            if certificate is not None:
                connection.execute(_ADD, [certificate, case_id, ref])
            return ref

    def cases_of_certificate(self, number: str) -> frozenset[UUID]:
        """The cases of certificates with this number, however it is spelled."""
        digest = self._certificate(number)
        if digest is None:
            return frozenset()
        rows = read_over(self._pool, lambda connection: connection.execute(_CASES, [digest]).fetchall())
        return frozenset(case_id for (case_id,) in rows)

    def register_officer(self, subject: str, id_type: str, id_number: str) -> None:
        """See ``Holders``; the digest is that by which the same person would be found as a holder."""
        with self._pool.connection() as connection:
            connection.execute(_REGISTER, [subject, self._identity(id_type, id_number)])

    def officer(self, subject: str) -> tuple[bool, UUID | None]:
        """See ``Holders``."""
        row = read_over(self._pool, lambda connection: connection.execute(_OFFICER, [_NO_CASE, subject]).fetchone())
        return (False, None) if row is None else (True, row[0])

    def claim_stream(self, issuing_body: str, certificate_number: str) -> UUID:
        """The stream of the claim on one certificate, whatever the spelling of its body and number."""
        return self._stream("claim", identifying_form(issuing_body), identifying_form(certificate_number))

    def officer_stream(self, subject: str) -> UUID:
        """See ``Holders``."""
        return self._stream("officer", subject)

    def forget(self, holder_ref: UUID) -> int:
        """Remove every number that leads to this holder or a case of theirs; answers how many there were."""
        with self._pool.connection() as connection:
            return int(connection.execute(_FORGET, [holder_ref]).rowcount)

    def _identity(self, id_type: str, id_number: str) -> bytes:
        kind = "".join(id_type.split()).upper()
        return self._digest("identity", kind, normalised_identity_number(kind, id_number))

    def _certificate(self, number: str) -> bytes | None:
        form = identifying_form(number)
        return self._digest("certificate", form) if form else None

    def _stream(self, *parts: str) -> UUID:
        number = int.from_bytes(self._digest(*parts)[:16]) & ~(0xF000 << 64 | 0xC000 << 48)
        return UUID(int=number | 8 << 76 | 1 << 63)  # version 8, of one's own making (RFC 9562, section 5.8)

    def _digest(self, *parts: str) -> bytes:
        # No part has a line feed once normalised, so no two lists of parts give the same message.
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).digest()
