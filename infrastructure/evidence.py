"""Evidence files: sealed under their holder's key, kept in a folder or a bucket, and served only after they were proved whole.

A file's name in the store is a keyed hash: it tells neither the holder nor the content, and nobody's file name is used as a
path. What arrives is never parsed, unpacked or rendered, only recognised by its first bytes; downloads carry the media type
that was recognised.

    EvidenceError            code
    ├── EvidenceRefused      evidence-too-large | evidence-empty | evidence-type | evidence-digest
    ├── EvidenceMissing      evidence-missing
    └── EvidenceAltered      evidence-altered

A crash while a file is put leaves no file, or a whole one that no event names yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, Self
from uuid import UUID

import obstore
import orjson
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from obstore.store import LocalStore, ObjectStore, S3Store

from application.ports import Purpose
from domain.messages import Message, SpokenError, tell
from domain.refusals import RefusalCode, Refused
from infrastructure.sealing.errors import HolderKeyMissingError, SealBrokenError
from infrastructure.sealing.keyring import INDEX_REF, Keyring
from infrastructure.sealing.seals import KEY_BYTES
from infrastructure.sealing.stream import CHUNK, open_stream, seal_stream

MAX_SIZE: Final = 20 * 1024 * 1024
"""Bytes of the largest file, unless the installation says otherwise."""

_SIGNATURES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HEAD: Final = 8
_DELETE_AT_ONCE: Final = 500

RefusalReason = Literal["evidence-too-large", "evidence-empty", "evidence-type", "evidence-digest"]


def _sentence(reason: RefusalReason) -> Message:
    match reason:
        case "evidence-too-large":
            return tell("evidence.too_large")
        case "evidence-empty":
            return tell("evidence.empty")
        case "evidence-type":
            return tell("evidence.type")
        case "evidence-digest":
            return tell("evidence.digest")


class EvidenceError(SpokenError):
    """Base of what can be wrong with an evidence file; ``code`` is stable, the message holds nothing of the file."""

    code: str = "evidence"


class EvidenceRefused(EvidenceError):
    """A file that is not taken in; nothing of it is kept."""

    def __init__(self, code: RefusalReason) -> None:
        super().__init__(_sentence(code))
        self.code = code

    def __reduce__(self) -> tuple[type[EvidenceRefused], tuple[str]]:
        """Keep the code when a refusal crosses a process."""
        return type(self), (self.code,)


class EvidenceMissing(EvidenceError):
    """The store has no such file, or its holder's data was erased."""

    code = "evidence-missing"


class EvidenceAltered(EvidenceError):
    """The stored file is not the one that was put; it is not served."""

    code = "evidence-altered"


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """What a case records of a file: SHA-256 of the content in hexadecimal, its size in bytes, its recognised media type."""

    sha256: str
    size: int
    media_type: str


class VerifiedEvidence:
    """A file that was proved whole, to be read once: iterate it, or close it; ``size`` is in bytes."""

    def __init__(self, spool: IO[bytes], pieces: Callable[[IO[bytes]], Iterator[bytes]], size: int) -> None:
        self._spool, self._pieces, self.size = spool, pieces, size

    def __iter__(self) -> Iterator[bytes]:
        with self:
            self._spool.seek(0)
            yield from self._pieces(self._spool)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; harmless when it was read to its end."""
        self._spool.close()


def local_bucket(folder: Path) -> ObjectStore:
    """A folder as the place of evidence files, made when missing, closed to other users."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(folder, mkdir=True, automatic_cleanup=True)


def open_bucket(url: str | None, folder: Path) -> ObjectStore:
    """The bucket at ``s3://…``, whose credentials the service's own variables give, or else the folder."""
    return local_bucket(folder) if url is None else s3_bucket(url)


def s3_bucket(url: str, **config: Any) -> ObjectStore:
    """``s3://bucket/prefix`` as the place of evidence files, on any S3-compatible service (``endpoint``, keys, region)."""
    if not url.startswith("s3://"):
        raise ValueError("Give the evidence bucket as s3://bucket/prefix.")
    return S3Store.from_url(url, **config)


class EvidenceStore:
    """Evidence files in a bucket; blocking, safe to share by threads, and memory does not grow with the size of a file.

    Files pass through an unnamed spool file in ``spool_dir`` (the system's temporary folder by default), sealed there too.
    """

    def __init__(
        self,
        bucket: ObjectStore,
        keyring: Keyring,
        *,
        max_size: int = MAX_SIZE,
        spool_dir: Path | None = None,
        require_room: Callable[[], None] = lambda: None,
    ) -> None:
        """``max_size`` is in bytes; ``require_room`` raises where no file can be stored.

        The secret behind the names is derived (HKDF) from the keyring's reserved one.
        """
        self._bucket, self._keyring, self._require_room = bucket, keyring, require_room
        self._max_size, self._spool_dir = max_size, spool_dir
        derivation = HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"recognition-registry/evidence-names/1"
        )
        self._names = derivation.derive(keyring.key_for(INDEX_REF))

    def put(
        self,
        pieces: Iterable[bytes],
        holder: UUID | Callable[[], UUID],
        media_type: str,
        purpose: Purpose,
        *,
        max_size: int | None = None,
        sha256: str | None = None,
    ) -> StoredEvidence:
        """Take a file in and seal it; the same file of the same holder for the same purpose again replaces itself.

        ``holder`` is a reference, or what makes a person known: called once the file was taken, so that a refused one
        leaves nobody behind. ``media_type`` is what the sender declares, ``sha256`` what the sender announced, if anything. Raises
        ``EvidenceRefused`` as soon as something is wrong, without reading on, and ``HolderErased`` for an erased holder.
        """
        self._require_room()
        intake = _Intake(media_type, min(self._max_size, max_size or self._max_size))
        if isinstance(holder, UUID):
            key, bound = self._keyring.key_for(holder), _bound(holder)
        else:  # nothing is known of the person, nor kept, until the file was taken: until then under a key that is never stored
            key, bound = os.urandom(KEY_BYTES), b"arriving"
        with tempfile.TemporaryFile(dir=self._spool_dir) as spool:
            for sealed in seal_stream(key, bound, intake.examined(pieces)):
                spool.write(sealed)
            found = intake.digest.hexdigest()
            if sha256 is not None and not hmac.compare_digest(found, sha256.lower()):
                raise EvidenceRefused("evidence-digest")
            spool.seek(0)
            if isinstance(holder, UUID):
                obstore.put(self._bucket, self._path(holder, found, purpose), spool, max_concurrency=2)
            else:
                self._put_anew(open_stream(key, bound, _read(spool)), holder(), found, purpose)
        return StoredEvidence(found, intake.size, media_type)

    def _put_anew(self, plain: Iterable[bytes], holder_ref: UUID, sha256: str, purpose: Purpose) -> None:
        """Seal what was taken under its holder's own key, and keep it."""
        with tempfile.TemporaryFile(dir=self._spool_dir) as spool:
            for sealed in seal_stream(self._keyring.key_for(holder_ref), _bound(holder_ref), plain):
                spool.write(sealed)
            spool.seek(0)
            obstore.put(self._bucket, self._path(holder_ref, sha256, purpose), spool, max_concurrency=2)

    def open(self, sha256: str, holder_ref: UUID, purposes: Sequence[Purpose]) -> VerifiedEvidence:
        """The file with this digest for the first of these purposes that has it, wholly fetched and proved before this returns; what was proved is what is served.

        Raises ``EvidenceMissing`` and ``EvidenceAltered``.
        """
        if not _SHA256.fullmatch(sha256):
            raise EvidenceMissing(tell("evidence.no_digest"))
        key = self._keyring.existing_key(holder_ref)
        if key is None:
            raise EvidenceMissing(tell("evidence.erased"))
        spool = tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115 - handed on to VerifiedEvidence
        with contextlib.ExitStack() as undo:
            undo.callback(spool.close)
            stored = self._fetch(holder_ref, sha256, purposes)
            digest, size = hashlib.sha256(), 0
            try:
                for plain in open_stream(key, _bound(holder_ref), _spooled(stored, spool)):
                    digest.update(plain)
                    size += len(plain)
            except SealBrokenError:
                size = -1
            if size < 0 or digest.hexdigest() != sha256:
                raise EvidenceAltered(tell("evidence.altered"))
            undo.pop_all()
        return VerifiedEvidence(spool, lambda file: open_stream(key, _bound(holder_ref), _read(file)), size)

    def size_of(self, sha256: str, holder_ref: UUID, purposes: Sequence[Purpose]) -> int | None:
        """``application.ports.EvidenceFiles``: the size of a file that was proved whole, None where there is none.

        Raises ``Refused`` (EVIDENCE_MISMATCH) for one that was altered.
        """
        try:
            with self.open(sha256, holder_ref, purposes) as file:
                return file.size
        except (EvidenceMissing, HolderKeyMissingError):
            return None
        except EvidenceAltered:
            raise Refused(
                RefusalCode.EVIDENCE_MISMATCH,
                tell("case.evidence_altered"),
                "evidence.sha256",
            ) from None

    def adopt(self, sha256: str, holder_ref: UUID, uploaded: Purpose, purpose: Purpose) -> None:
        """See ``application.ports.EvidenceFiles``."""
        with contextlib.suppress(FileNotFoundError):
            obstore.copy(
                self._bucket,
                self._path(holder_ref, sha256, uploaded),
                self._path(holder_ref, sha256, purpose),
            )

    def forget(self, holder_ref: UUID) -> int:
        """Remove every file of a holder; answers how many.

        Erasure destroys the key first: a file whose upload ends after this is noise, and the next call removes it.
        """
        removed = 0
        while paths := self._listed(holder_ref):
            for path in paths:
                with contextlib.suppress(FileNotFoundError):  # another call was faster
                    obstore.delete(self._bucket, path)
            removed += len(paths)
        return removed

    def _listed(self, holder_ref: UUID) -> list[str]:
        listing = obstore.list(self._bucket, self._folder(holder_ref), chunk_size=_DELETE_AT_ONCE)
        return [meta["path"] for meta in next(iter(listing), [])]

    def _fetch(self, holder_ref: UUID, sha256: str, purposes: Sequence[Purpose]) -> Iterator[bytes]:
        for purpose in purposes:
            with contextlib.suppress(FileNotFoundError):
                found = obstore.get(self._bucket, self._path(holder_ref, sha256, purpose))
                return iter(found.stream(min_chunk_size=CHUNK))
        raise EvidenceMissing(tell("evidence.not_stored"))

    def _folder(self, holder_ref: UUID) -> str:
        return self._keyed("holder", str(holder_ref))[:32]

    def _path(self, holder_ref: UUID, sha256: str, purpose: Purpose) -> str:
        serves = ("case", str(purpose.case_id)) if purpose.case_id else ("uploader", purpose.uploader or "")
        return f"{self._folder(holder_ref)}/{self._keyed('file', str(holder_ref), sha256, *serves)}"

    def _keyed(self, *parts: str) -> str:
        return hmac.new(self._names, orjson.dumps(parts), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class _Intake:
    """What is learnt of a file while it streams by."""

    media_type: str
    limit: int
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def examined(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        head = b""
        for piece in pieces:
            self.size += len(piece)
            if self.size > self.limit:
                raise EvidenceRefused("evidence-too-large")
            self.digest.update(piece)
            if len(head) < _HEAD:
                head += piece[: _HEAD - len(head)]
                if len(head) == _HEAD:
                    self._recognise(head)
            yield piece
        if self.size == 0:
            raise EvidenceRefused("evidence-empty")
        if len(head) < _HEAD:
            self._recognise(head)

    def _recognise(self, head: bytes) -> None:
        if self.media_type not in {kind for signature, kind in _SIGNATURES if head.startswith(signature)}:
            raise EvidenceRefused("evidence-type")


def _bound(holder_ref: UUID) -> bytes:
    return orjson.dumps(["recognition-registry/evidence/1", str(holder_ref)])


def _spooled(pieces: Iterable[bytes], spool: IO[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        spool.write(piece)
        yield piece


def _read(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK), b"")
