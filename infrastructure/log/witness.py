"""A witness: confirms the checkpoints of logs that it knows, each only where it continues the one it confirmed last.

Its state is a folder: its key, and for each origin the last checkpoint. One process at a time works on a folder; within it one
request at a time is judged and kept before it is answered (C2SP tlog-witness, "add-checkpoint").
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.log.checkpoint import LogCheckpoint, TrustPolicy
from domain.log.log_errors import SignatureRejected
from domain.log.note_keys import KeyType, SigningKey, VerifierKey, check_key_name
from domain.log.signed_note import SignedNote
from domain.log.witnessing import SIZE_TYPE, AddCheckpoint
from domain.merkle import ProofRejected, TransparencyError, verify_consistency
from domain.messages import tell
from infrastructure.log.errors import LogActError, LogKeyError
from infrastructure.log.keys import load_keys
from infrastructure.private_files import write_private

TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness says to a request: status, body and media type."""

    status: int
    body: bytes
    media_type: str = TEXT


class Witness:
    """Judges requests against the checkpoints in its folder."""

    def __init__(self, folder: Path, name: str, logs: Sequence[str], now: Callable[[], float]) -> None:
        """Open the folder, with a key made on first use. ``logs`` are verifier keys, ``now`` the POSIX time in seconds.

        Raises ``LogKeyError`` for a spoilt key file or one of another name, ``TransparencyError`` for malformed keys.
        """
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()
        by_origin: dict[str, list[VerifierKey]] = {}
        for key in map(VerifierKey.parse, logs):
            by_origin.setdefault(key.name, []).append(key)
        self._policies = {origin: TrustPolicy(origin, tuple(keys)) for origin, keys in by_origin.items()}
        check_key_name(name)
        folder.mkdir(parents=True, exist_ok=True)
        self.key = _key(folder / "witness.key", name)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder, so that no second process confirms from an older state. Raises ``LogActError``."""
        with (self._folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LogActError(tell("trouble.another_witness_works_on", folder=str(self._folder))) from None
            yield

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Judge a request; what is confirmed is kept durably before it is answered."""
        try:
            request = AddCheckpoint.parse(body)
            checkpoint = LogCheckpoint.parse(request.note.text)
        except TransparencyError as error:
            return _said(400, str(error))
        policy = self._policies.get(checkpoint.origin)
        if policy is None:
            return _said(404, str(tell("proof.log_unknown", origin=checkpoint.origin)))
        try:
            policy.judge(request.note)
        except SignatureRejected as error:
            return _said(403, str(error))
        except TransparencyError as error:
            return _said(400, str(error))
        if request.old_size > checkpoint.size:
            return _said(400, str(tell("proof.old_size_larger")))
        with self._lock:
            return self._confirmed(request, checkpoint)

    def seen(self, origin: str) -> LogCheckpoint | None:
        """The last checkpoint of a log that was confirmed."""
        path = self._path(origin)
        if not path.exists():
            return None
        return LogCheckpoint.parse(SignedNote.parse(path.read_bytes()).text)

    def _confirmed(self, request: AddCheckpoint, checkpoint: LogCheckpoint) -> WitnessAnswer:
        last = self.seen(checkpoint.origin)
        size = last.size if last else 0
        if request.old_size != size or (last and checkpoint.size == size and checkpoint.root != last.root):
            return WitnessAnswer(409, b"%d\n" % size, SIZE_TYPE)
        try:
            if last and size:
                verify_consistency(size, last.root, checkpoint.size, checkpoint.root, request.proof)
            elif request.proof:
                raise ProofRejected(tell("trouble.from_empty_log_on_nothing_prove"))
        except TransparencyError as error:
            return _said(422, str(error))
        signature = self.key.sign(request.note.text, int(self._now()))
        write_private(self._path(checkpoint.origin), request.note.serialise().decode(), replace=True)
        return WitnessAnswer(200, f"{signature.line}\n".encode())

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"


def _key(path: Path, name: str) -> SigningKey:
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            key = SigningKey(name, secrets.token_bytes(32), KeyType.COSIGNATURE)
            write_private(path, f"{key.secret}\n", replace=False)
    [key, *more] = load_keys(path)
    if more or key.name != name or key.type is not KeyType.COSIGNATURE:
        raise LogKeyError(tell("trouble.holds_key", path=str(path), name=key.name))
    return key


def _said(status: int, sentence: str) -> WitnessAnswer:
    return WitnessAnswer(status, f"{sentence}\n".encode())
