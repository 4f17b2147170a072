"""Who and what a secret number leads to, without keeping the number: keyed digests that erasure removes."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg_pool import ConnectionPool

from application.journal import KeyOutdated, Overtaken
from application.ports import Enrolment
from domain.identity_numbers import IdentityNumber
from domain.namesakes import forms_of, forms_sought
from domain.text import identifying_form, number_form
from domain.values import Person
from infrastructure.postgres.pools import read_over
from infrastructure.sealing.keyring import INDEX_REF, Keyring
from infrastructure.sealing.seals import KEY_BYTES

_NO_CASE: Final = UUID(int=0)
_FIND: Final = "SELECT holder_ref FROM registry.lookups WHERE digest = %s AND case_id = %s"
_FIND_ALL: Final = "SELECT digest, holder_ref FROM registry.lookups WHERE digest = ANY(%s::bytea[]) AND case_id = %s"
_ADD: Final = (
    "INSERT INTO registry.lookups (digest, case_id, holder_ref) VALUES (%s, %s, %s)"
    " ON CONFLICT (digest, case_id) DO NOTHING RETURNING holder_ref"
)
_ENTER: Final = (
    "WITH given AS (SELECT digest, case_id FROM unnest(%s::bytea[], %s::uuid[]) AS given (digest, case_id)),"
    " entered AS (INSERT INTO registry.lookups (digest, case_id, holder_ref) SELECT digest, case_id, %s FROM given"
    " ON CONFLICT (digest, case_id) DO NOTHING RETURNING case_id),"
    " made AS (INSERT INTO registry.holder_keys (holder_ref, wrapped_key, master_key_id)"
    " SELECT %s::uuid, %s::bytea, %s::text WHERE %s)"
    " SELECT count(*) FROM entered WHERE case_id = '00000000-0000-0000-0000-000000000000'"
)
_NAMESAKES: Final = (
    "SELECT asked.case_id, other.case_id FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS asked (case_id, holder_ref, digest)"
    " CROSS JOIN LATERAL (SELECT l.case_id FROM registry.lookups AS l WHERE l.digest = asked.digest"
    " AND l.holder_ref <> asked.holder_ref ORDER BY l.case_id LIMIT 5) AS other"
)
_CASES: Final = "SELECT digest, case_id FROM registry.lookups WHERE digest = ANY(%s::bytea[])"
_REGISTER: Final = (
    "INSERT INTO registry.officers (subject, digest) VALUES (%s, %s)"
    " ON CONFLICT (subject) DO UPDATE SET digest = EXCLUDED.digest, registered_at = now()"
)
_OFFICER: Final = (
    "SELECT l.holder_ref FROM registry.officers AS o LEFT JOIN registry.lookups AS l ON l.digest = o.digest AND l.case_id = %s"
    " WHERE o.subject = %s"
)
_NUMBERS: Final = "SELECT digest FROM registry.lookups WHERE holder_ref = %s AND case_id = %s"
_FORGET: Final = "DELETE FROM registry.lookups WHERE holder_ref = %s"


class HolderDirectory:
    """``registry.lookups``: HMAC-SHA256 over an identity number to its holder, over a certificate's number, and over a name with the day
    of birth, to their cases.

    Whoever has the table, and all that is public, can try no number on it. The key is derived (HKDF, RFC 5869) from a secret
    that the keyring keeps wrapped by the master key like any data key, so that a rotation of the master key leaves every
    look-up as it is. Safe to share by threads.
    """

    def __init__(
        self,
        pool: ConnectionPool[Any],
        keyring: Keyring,
        *,
        require_room: Callable[[], None] = lambda: None,
        apart: bool = False,
    ) -> None:
        """Fetch the secret of the look-ups, or make it on first use; ``require_room`` raises where nobody new may be stored.

        ``apart``: whether the pool's database is another than that of the events.
        """
        self._pool, self._keyring, self._require_room, self.apart = pool, keyring, require_room, apart
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"recognition-registry/lookups/1")
        self._key = derivation.derive(keyring.key_for(INDEX_REF))

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder with this number, None when the registry knows none (or has forgotten them)."""
        asked = [self.identity(id_type, id_number), _NO_CASE]
        row = read_over(self._pool, lambda connection: connection.execute(_FIND, asked).fetchone())
        return row[0] if row else None

    def find_all(self, numbers: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], UUID]:
        """See ``Holders``."""
        digests = {self.identity_in_form(*number): number for number in numbers}
        asked = [list(digests), _NO_CASE]
        rows = (
            read_over(self._pool, lambda connection: connection.execute(_FIND_ALL, asked).fetchall()) if digests else []
        )
        return {digests[bytes(digest)]: ref for digest, ref in rows}

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """See ``Holders``."""
        self._keyring.warm(holder_refs)

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder with this number, or a new random reference; callers at the same moment all get the same one.

        Committed before the case that uses it: a crash leaves at most a reference that no event names.
        """
        digest = self.identity(id_type, id_number)
        self._require_room()
        with self._pool.connection() as connection:
            while True:  # a second round only where the row that was in the way was forgotten before it was read
                row = connection.execute(_ADD, [digest, _NO_CASE, uuid4()]).fetchone()
                row = row or connection.execute(_FIND, [digest, _NO_CASE]).fetchone()
                if row is not None:
                    return UUID(str(row[0]))

    @contextmanager
    def entering(
        self, person: Person, case_id: UUID, certificate_number: str | None, *, known: bool
    ) -> Iterator[Enrolment | None]:
        """See ``Holders``. Beside the events all is stored with them; ``apart`` from them it is committed before the case,
        so that a crash leaves at most digests and a key that lead to a reference or a case that no event names.
        """
        self._require_room()
        digests = [] if known else [(self.identity_in_form(person.id_type or "", person.id_number or ""), _NO_CASE)]
        certificate = None if certificate_number is None else self.certificate(certificate_number)
        if certificate is not None:
            digests.append((certificate, case_id))
        digests += [(digest, case_id) for digest in self._names(forms_of(person))]
        with nullcontext() if known else self._keyring.drafted(person.ref) as key:
            enrolment = Enrolment(person.ref, tuple(digests), key)
            if self.apart:
                self._enter(enrolment)
            yield None if self.apart else enrolment

    def _enter(self, enrolment: Enrolment) -> None:
        """Enter in the database of the keys, in one statement. Raises ``Overtaken``."""
        key = enrolment.key
        digests, cases = [digest for digest, _ in enrolment.digests], [case for _, case in enrolment.digests]
        made = [key.holder_ref, key.wrapped, key.master_key_id, True] if key else [None, None, None, False]
        if not digests and key is None:
            return
        try:
            with self._pool.connection() as connection:
                row = connection.execute(_ENTER, [digests, cases, enrolment.holder_ref, *made]).fetchone()
                if _NO_CASE in cases and row != (1,):
                    raise Overtaken("The person is known under another reference by now; nothing was stored.")
        except psycopg.errors.CheckViolation:
            raise KeyOutdated("The master key was dropped meanwhile; nothing was stored.") from None

    def namesakes(self, persons: Mapping[UUID, Person]) -> Mapping[UUID, frozenset[UUID]]:
        """See ``Holders``; one statement."""
        sought = [
            (each, person.ref, digest)
            for each, person in persons.items()
            for digest in self._names(forms_sought(person))
        ]
        if not sought:
            return {}
        asked = [list(column) for column in zip(*sought, strict=True)]
        rows = read_over(self._pool, lambda connection: connection.execute(_NAMESAKES, asked).fetchall())
        found: dict[UUID, set[UUID]] = {}
        for each, other in rows:
            found.setdefault(each, set()).add(other)
        return {each: frozenset(others) for each, others in found.items()}

    def cases_of_certificates(self, numbers: Collection[str]) -> Mapping[str, frozenset[UUID]]:
        """See ``Holders``."""
        digests = {number: digest for number in numbers if (digest := self.certificate(number)) is not None}
        found: defaultdict[bytes, set[UUID]] = defaultdict(set)
        if digests:
            asked = sorted(set(digests.values()))
            for digest, case_id in read_over(self._pool, lambda c: c.execute(_CASES, [asked]).fetchall()):
                found[bytes(digest)].add(case_id)
        return {number: frozenset(found[digest]) for number, digest in digests.items() if digest in found}

    def register_officer(self, subject: str, id_type: str, id_number: str) -> None:
        """See ``Holders``; the digest is that by which the same person is found as a holder, by a reference that they have from now on."""
        digest = self.identity(id_type, id_number)
        with self._pool.connection() as connection:
            connection.execute(_ADD, [digest, _NO_CASE, uuid4()])
            connection.execute(_REGISTER, [subject, digest])

    def officer(self, subject: str) -> tuple[bool, UUID | None]:
        """See ``Holders``."""
        row = read_over(self._pool, lambda connection: connection.execute(_OFFICER, [_NO_CASE, subject]).fetchone())
        return (False, None) if row is None else (True, row[0])

    def claim_stream(self, issuing_body: str, certificate_number: str) -> UUID:
        """The stream of the claim on one certificate, whatever the spelling of its body and number."""
        return self._stream("claim", identifying_form(issuing_body), number_form(certificate_number))

    def officer_stream(self, subject: str) -> UUID:
        """See ``Holders``."""
        return self._stream("officer", subject)

    def numbers_of(self, holder_ref: UUID) -> list[bytes]:
        """The keyed digests of the person's numbers (``identity``); none once the person is forgotten."""
        asked = [holder_ref, _NO_CASE]
        return [bytes(digest) for (digest,) in read_over(self._pool, lambda c: c.execute(_NUMBERS, asked).fetchall())]

    def forget(self, holder_ref: UUID) -> int:
        """Remove every number that leads to this holder or a case of theirs; answers how many there were."""
        with self._pool.connection() as connection:
            return int(connection.execute(_FORGET, [holder_ref]).rowcount)

    def identity(self, id_type: str, id_number: str) -> bytes:
        """The keyed digest that leads to a person with this number, whatever the spelling."""
        identity = IdentityNumber.of(id_type, id_number)
        return self.identity_in_form(identity.kind, identity.number)

    def identity_in_form(self, kind: str, number: str) -> bytes:
        """The same of a kind and number that were cleaned before: ``domain.identity_numbers`` gave them their one form."""
        return self._digest("identity", kind, number)

    def _names(self, forms: Iterable[tuple[str, str]]) -> list[bytes]:
        return [self._digest("person", *form) for form in forms]

    def certificate(self, number: str) -> bytes | None:
        """See ``Holders``."""
        form = number_form(number)
        return self._digest("certificate", form) if form else None

    def _stream(self, *parts: str) -> UUID:
        number = int.from_bytes(self._digest(*parts)[:16]) & ~(0xF000 << 64 | 0xC000 << 48)
        return UUID(int=number | 8 << 76 | 1 << 63)  # version 8, of one's own making (RFC 9562, section 5.8)

    def _digest(self, *parts: str) -> bytes:
        # No part has a line feed once normalised, so no two lists of parts give the same message.
        return hmac.digest(self._key, "\n".join(parts).encode(), "sha256")
