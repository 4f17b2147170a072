"""Keys of signed notes: who signs under which name, and what exactly is signed.

Two types are known: Ed25519 signatures of the note's text, by which a log signs its checkpoints, and timestamped Ed25519
cosignatures, by which witnesses confirm them. A key is known by its name and its 4-byte key id together; the id also depends
on the type. Seeds come from the caller (32 bytes of a cryptographic random source), since nothing here takes a chance.

Sources: C2SP signed-note, "Signature types" and "Verifier keys"; C2SP tlog-cosignature, "Ed25519 signed message"; the text
form of a signing key is that of golang.org/x/mod/sumdb/note.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.log.log_errors import NoteError
from domain.messages import Message, tell

MAX_TIMESTAMP: Final = 2**63 - 1
_SECRET_PREFIX: Final = "PRIVATE+KEY"  # noqa: S105 - a prefix that says what follows, no secret


class KeyType(IntEnum):
    """The signature type identifier bytes of signed-note that are known here."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line of a note: the key's name and id, and what that key signed.

    ``signature`` is 64 bytes for an Ed25519 signature, and 8 bytes of POSIX seconds before them for a cosignature; other
    types are kept as they are. Raises ``NoteError`` for a name that no key has, or an empty signature.
    """

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_id) != 4 or not self.signature:
            raise NoteError(tell("proof.signature_note_key_id_bytes_least"))

    @property
    def line(self) -> str:
        """The line itself, without its newline."""
        return f"— {self.name} {to_base64(self.key_id + self.signature)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """The signature in a line without its newline. Raises ``NoteError`` for any other line."""
        match line.split(" "):
            case ["—", name, encoded] if (data := from_base64(encoded)) is not None and len(data) > 4:
                return cls(name, data[:4], data[4:])
        raise NoteError(tell("proof.signature_line_note"))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name: what a verifier is configured with, as text a *vkey*.

    Raises ``NoteError`` for a name that no key has or a key of another length than 32 bytes.
    """

    name: str
    public_key: bytes
    type: KeyType = KeyType.ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public_key) != 32:
            raise NoteError(tell("proof.ed_public_key_bytes"))

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which signature lines name the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: ``<name>+<hex of key id>+<base 64 of type and public key>``."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.type]) + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The key in this text. Raises ``NoteError`` for a malformed one, an unknown type, or an id of another key."""
        name, key_id, key_type, public_key = _key_parts(vkey, tell("proof.a_verifier_key"))
        key = cls(name, public_key, key_type)
        if key.key_id.hex() != key_id:
            raise NoteError(tell("proof.id_verifier_key_not_name_public"))
        return key

    def made(self, signature: NoteSignature) -> bool:
        """Whether a signature line names this key; says nothing about whether it verifies."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verifies(self, text: str, signature: NoteSignature) -> bool:
        """Whether this key signed this text of a note."""
        data = signature.signature
        if not self.made(signature) or len(data) != (64 if self.type is KeyType.ED25519 else 72):
            return False
        timestamp = None if self.type is KeyType.ED25519 else int.from_bytes(data[:8], "big")
        if timestamp is not None and timestamp > MAX_TIMESTAMP:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(data[-64:], _message(text, timestamp))
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key under its name. ``seed`` is the 32-byte private key of RFC 8032, and is never shown.

    Raises ``NoteError`` for a name that no key has or a seed of another length.
    """

    name: str
    seed: bytes = field(repr=False)
    type: KeyType = KeyType.ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.seed) != 32:
            raise NoteError(tell("proof.seed_signing_key_bytes"))

    @property
    def verifier(self) -> VerifierKey:
        """The public key that belongs to this one."""
        public_key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, public_key, self.type)

    @property
    def secret(self) -> str:
        """The key as text, for a private file: ``PRIVATE+KEY+<name>+<hex of key id>+<base 64 of type and seed>``."""
        encoded = to_base64(bytes([self.type]) + self.seed)
        return f"{_SECRET_PREFIX}+{self.name}+{self.verifier.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, secret: str) -> Self:
        """The key in this text. Raises ``NoteError``, which never quotes it."""
        prefix, _, rest = secret.partition(f"{_SECRET_PREFIX}+")
        if prefix or not rest:
            raise NoteError(tell("proof.signing_key_begins_private_key"))
        name, key_id, key_type, seed = _key_parts(rest, tell("proof.a_signing_key"))
        key = cls(name, seed, key_type)
        if key.verifier.key_id.hex() != key_id:
            raise NoteError(tell("proof.id_signing_key_not_name_seed"))
        return key

    def sign(self, text: str, timestamp: int | None = None) -> NoteSignature:
        """The signature line of this key over a note's text; a cosignature needs its ``timestamp`` in POSIX seconds.

        Raises ``NoteError`` for a timestamp missing, out of range, or where the type has none.
        """
        if (timestamp is None) is not (self.type is KeyType.ED25519):
            raise NoteError(tell("proof.cosignature_timestamp_logs_own_signature_none"))
        if timestamp is not None and not 0 <= timestamp <= MAX_TIMESTAMP:
            raise NoteError(tell("proof.timestamp_cosignature_number_seconds_from"))
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(_message(text, timestamp))
        prefix = b"" if timestamp is None else timestamp.to_bytes(8, "big")
        return NoteSignature(self.name, self.verifier.key_id, prefix + signature)


def to_base64(data: bytes) -> str:
    """Bytes as padded standard base 64 (RFC 4648, section 4)."""
    return b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """The bytes of a base 64 text; None for any but the one spelling that ``to_base64`` writes.

    Stray padding bits would give one text of the log two forms (RFC 4648, section 3.5).
    """
    try:
        data = b64decode(text, validate=True)
    except (Error, ValueError):
        return None
    return data if to_base64(data) == text else None


def check_key_name(name: str) -> None:
    """Raises ``NoteError`` unless a key may have this name: not empty, no space of any kind, no plus, no control character."""
    if not name or any(character.isspace() or character < " " or character == "+" for character in name):
        raise NoteError(tell("proof.name_key_not_empty_no_space"))
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise NoteError(tell("proof.name_key_unicode_text"))


def _message(text: str, timestamp: int | None) -> bytes:
    """What is signed: the text, and before it the two lines of a cosignature where there is a timestamp."""
    return (text if timestamp is None else f"cosignature/v1\ntime {timestamp}\n{text}").encode()


def _key_parts(text: str, what: Message) -> tuple[str, str, KeyType, bytes]:
    # The base 64 part may hold plus signs, so only the first two separate.
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = from_base64(encoded)
    if not data or len(key_id) != 8 or any(digit not in "0123456789abcdef" for digit in key_id):
        raise NoteError(tell("proof.written_name_hexadecimal_digits_base", what=what))
    if data[0] not in set(KeyType):
        raise NoteError(tell("proof.type_not_supported", what=what, type=f"{data[0]:#04x}"))
    return name, key_id, KeyType(data[0]), data[1:]
