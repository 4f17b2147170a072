"""The keys that sign attestations: a file beside the master keys, mode 0600, a private JWK a line, the newest first.

The newest signs. Those before it sign no more and stay published, so that what they signed goes on being verified, until an operator
withdraws them: a year after, when it has expired, or at once where a key became known to others. Public halves and acts stand in the
database, so that a lost file is never replaced in silence; a rotation replaces it on the record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import psycopg
from anyio import to_thread
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from application.attestation import LIFETIME
from domain.messages import Message, tell
from infrastructure.attestation.errors import AttestationKeyError
from infrastructure.locks import ATTESTATION_KEYS
from infrastructure.postgres.pools import read_rows
from infrastructure.private_files import others_may_read, write_private

ATTESTATION_KEY_FILE: Final = "attestation.keys"
ALGORITHM: Final = "ES256"
LONGEST_IN_USE: Final = timedelta(days=2 * 365)
"""For how long one key should sign at most."""
_STANDING: Final = (
    "SELECT k.kid, k.public_key, k.recorded_at, k.operator,"
    " (SELECT min(r.recorded_at) FROM attestation.keys AS r WHERE r.kid = k.kid AND r.act = 'RETIRED'),"
    " EXISTS (SELECT FROM attestation.keys AS w WHERE w.kid = k.kid AND w.act = 'WITHDRAWN')"
    " FROM attestation.keys AS k WHERE k.act = 'ADDED' ORDER BY k.recorded_at DESC, k.kid"
)
_ADD: Final = "INSERT INTO attestation.keys (kid, act, public_key, operator) VALUES (%s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as the database names it: whether it signs, or only serves to verify, or is not to be believed any more."""

    kid: str
    public: Mapping[str, Any]
    added_at: datetime
    operator: str
    retired_at: datetime | None
    withdrawn: bool

    @property
    def retired(self) -> bool:
        """Whether it signs no more."""
        return self.retired_at is not None

    @property
    def state(self) -> str:
        """How it stands, in one word."""
        return "withdrawn" if self.withdrawn else "published" if self.retired else "signs"


def begin_attestation(owner_url: str, path: Path) -> None:
    """Make the first key, where the database names none yet; two processes that start at once end up with one key.

    Raises ``AttestationKeyError`` for a file that holds no key.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ATTESTATION_KEYS])
        if listed_over(connection):
            return
        if not path.exists():
            with contextlib.suppress(FileExistsError):
                _save(path, [_fresh()], replace=False)
        _record(connection, load_keys(path)[0], "ADDED", "registry")


def rotate(owner_url: str, path: Path, operator: str) -> str:
    """Let a new key sign from now on; the ones before it stay published. The new key's ``kid``.

    It needs no old key, so it is also the way out where the file is lost.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ATTESTATION_KEYS])
        key, kept = _fresh(), load_keys(path) if path.exists() else ()
        _save(path, [key, *kept], replace=True)
        for each in listed_over(connection):
            if not each.retired:
                connection.execute(_ADD.encode(), [each.kid, "RETIRED", Jsonb(each.public), operator])
        _record(connection, key, "ADDED", operator)
        connection.commit()  # before the file: an old key that is still there does no harm
        _save(path, [key], replace=True)
    return str(key.kid)


def withdraw(owner_url: str, kid: str, operator: str) -> None:
    """Publish a key no more, so that nothing it signed is believed any longer.

    Raises ``AttestationKeyError`` for a key that is not published, and for the one that signs.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ATTESTATION_KEYS])
        found = next((each for each in listed_over(connection) if each.kid == kid), None)
        if found is None or found.withdrawn:
            raise AttestationKeyError(tell("attestation.no_such_key", key=kid[:80]))
        if not found.retired:
            raise AttestationKeyError(tell("attestation.key_signs"))
        connection.execute(_ADD.encode(), [kid, "WITHDRAWN", Jsonb(found.public), operator])


def listed(url: str) -> list[ListedKey]:
    """Every key there ever was, the newest first."""
    with psycopg.connect(url) as connection:
        return listed_over(connection)


def load_keys(path: Path) -> tuple[ECKey, ...]:
    """The keys of a file that is there. Raises ``AttestationKeyError`` for a malformed one, or one that others may read."""
    if others_may_read(path):
        raise AttestationKeyError(tell("attestation.keys_open", file=path.name))
    try:
        keys = tuple(ECKey.import_key(orjson.loads(line)) for line in path.read_bytes().split(b"\n") if line.strip())
    except (ValueError, KeyError, TypeError, JoseError):
        keys = ()
    if not keys or not all(key.is_private for key in keys):
        raise AttestationKeyError(tell("attestation.keys_malformed", file=path.name))
    return keys


def key_of(path: Path, kid: str) -> ECKey:
    """A key of the file by its ``kid``. Raises ``AttestationKeyError`` where it is not at hand."""
    if not path.exists():
        raise AttestationKeyError(tell("attestation.keys_absent", key=kid, file=path.name))
    found = next((key for key in load_keys(path) if key.kid == kid), None)
    if found is None:
        raise AttestationKeyError(tell("attestation.key_absent", key=kid, file=path.name))
    return found


def trouble_of_keys(connection: psycopg.Connection[Any], path: Path) -> Message | None:
    """Why nothing can be attested at the moment; None where the key that signs is at hand."""
    newest = next((each for each in listed_over(connection) if not each.retired), None)
    if newest is None:
        return tell("attestation.no_key")
    try:
        key_of(path, newest.kid)
    except AttestationKeyError as error:
        return error.said
    return None


def remarks_on_keys(connection: psycopg.Connection[Any], now: datetime) -> list[Message]:
    """What an operator should do about keys before long: let another one sign, withdraw one of which nothing is good any more."""
    found = []
    for each in listed_over(connection):
        if each.retired_at is None:
            if now - each.added_at > LONGEST_IN_USE:
                found.append(tell("attestation.key_old", key=each.kid, since=each.added_at.date()))
        elif not each.withdrawn and now - each.retired_at > LIFETIME:
            found.append(tell("attestation.key_spent", key=each.kid, since=each.retired_at.date()))
    return found


class FileKeys:
    """``application.attestation.AttestationKeys``: signs with the key of the file that the database names."""

    def __init__(self, pool: AsyncConnectionPool[Any], path: Path) -> None:
        self._pool, self._path = pool, path
        self._at_hand: dict[str, ECKey] = {}

    async def sign(self, kind: str, claims: Mapping[str, Any]) -> str:
        """See ``AttestationKeys``. Raises ``AttestationKeyError`` where the key is not at hand."""
        newest = next((each for each in await self._listed() if not each.retired), None)
        if newest is None:
            raise AttestationKeyError(tell("attestation.no_key"))
        key = self._at_hand.get(newest.kid)
        if key is None:
            key = await to_thread.run_sync(self._load, newest.kid)
        header = {"alg": ALGORITHM, "typ": kind, "kid": newest.kid}
        return jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM])

    async def published(self) -> Sequence[Mapping[str, Any]]:
        """See ``AttestationKeys``."""
        return [each.public for each in await self._listed() if not each.withdrawn]

    async def _listed(self) -> list[ListedKey]:
        return [ListedKey(*row) for row in await read_rows(self._pool, _STANDING.encode())]

    def _load(self, kid: str) -> ECKey:
        found = key_of(self._path, kid)
        self._at_hand = {kid: found}
        return found


def _fresh() -> ECKey:
    key = ECKey.generate_key("P-256")
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})


def _save(path: Path, keys: Sequence[ECKey], *, replace: bool) -> None:
    lines = (orjson.dumps(key.as_dict(private=True)).decode() for key in keys)
    write_private(path, "".join(f"{line}\n" for line in lines), replace=replace)


def listed_over(connection: psycopg.Connection[Any]) -> list[ListedKey]:
    """The same, over a connection."""
    return [ListedKey(*row) for row in connection.execute(_STANDING.encode())]


def _record(connection: psycopg.Connection[Any], key: ECKey, act: str, operator: str) -> None:
    connection.execute(_ADD.encode(), [key.kid, act, Jsonb(key.as_dict(private=False)), operator])
