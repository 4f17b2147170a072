"""Signed notes: a text, a blank line, and a line for each signature.

Parsing is strict, and what was parsed is written back byte for byte, so a note has one form only. Signatures of unknown keys
are kept and ignored. Beyond the specification, a note in which one key signs twice is refused: no signer writes one.

Source: C2SP signed-note, "Format" and "Signatures".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from domain.log.log_errors import NoteError, SignatureRejected
from domain.log.note_keys import NoteSignature, SigningKey, VerifierKey
from domain.messages import tell

MAX_SIGNATURES: Final = 100
MAX_NOTE: Final = 2**20
"""Bytes of the longest note that is read: 100 signatures of the longest assigned kind and a text beside them."""


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text with its signatures; ``text`` ends with a newline. Nothing in it is to be believed before ``verified_by``.

    Raises ``NoteError`` for a text or a list of signatures that no note has.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        check_note_text(self.text)
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise NoteError(tell("proof.note_signatures_not", most=MAX_SIGNATURES, count=len(self.signatures)))
        if len({(each.name, each.key_id) for each in self.signatures}) < len(self.signatures):
            raise NoteError(tell("proof.key_signs_note_once"))

    @classmethod
    def sign(cls, text: str, *keys: SigningKey) -> Self:
        """A new note, signed by these keys of type Ed25519."""
        check_note_text(text)
        return cls(text, tuple(key.sign(text) for key in keys))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The note in these bytes. Raises ``NoteError`` for anything that is not exactly a signed note."""
        if len(data) > MAX_NOTE:
            raise NoteError(tell("proof.signed_note_more_than_bytes_not", most=MAX_NOTE))
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise NoteError(tell("proof.signed_note_utf_text")) from None
        # The last blank line separates: the text may hold blank lines of its own, the signatures may not.
        text, separator, lines = whole.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise NoteError(tell("proof.signed_note_text_blank_line_signature"))
        found = lines[:-1].split("\n")
        if len(found) > MAX_SIGNATURES:
            raise NoteError(tell("proof.note_signatures_not", most=MAX_SIGNATURES, count=len(found)))
        return cls(f"{text}\n", tuple(map(NoteSignature.parse, found)))

    def serialise(self) -> bytes:
        """The note as it is stored and sent."""
        lines = [f"{each.line}\n" for each in self.signatures]
        return "".join([self.text, "\n", *lines]).encode()

    def verified_by(self, keys: Sequence[VerifierKey]) -> list[tuple[VerifierKey, NoteSignature]]:
        """The known keys that signed the text, with their signatures, in the note's order; empty where none did.

        Raises ``SignatureRejected`` as soon as a signature that names a known key does not verify.
        """
        verified = []
        for signature in self.signatures:
            for key in keys:
                if not key.made(signature):
                    continue
                if not key.verifies(self.text, signature):
                    raise SignatureRejected(tell("proof.signature_does_not_belong_text", key=key.name))
                verified.append((key, signature))
        return verified

    def opened(self, *keys: VerifierKey) -> str:
        """The text, once one of these keys signed it. Raises ``SignatureRejected`` otherwise."""
        if not self.verified_by(keys):
            raise SignatureRejected(tell("proof.no_key_you_trust_signed_note"))
        return self.text

    def with_signature(self, signature: NoteSignature) -> SignedNote:
        """The note with one signature more."""
        return replace(self, signatures=(*self.signatures, signature))


def check_note_text(text: str) -> None:
    """Raises ``NoteError`` unless a note may have this text: UTF-8, ends with a newline, no other control character."""
    if not text.endswith("\n"):
        raise NoteError(tell("proof.text_note_ends_newline"))
    if any(character < " " and character != "\n" for character in text):
        raise NoteError(tell("proof.text_note_no_control_character_but"))
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise NoteError(tell("proof.text_note_unicode_text"))
