"""Notes and keys have one form each, are refused in any other, and say nothing until a known key verified."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.log.log_errors import NoteError, SignatureRejected
from domain.log.note_keys import (
    MAX_TIMESTAMP,
    KeyType,
    NoteSignature,
    SigningKey,
    VerifierKey,
    from_base64,
    to_base64,
)
from domain.log.signed_note import MAX_NOTE, MAX_SIGNATURES, SignedNote

KEY = SigningKey("registry.example.org/log/1", bytes(range(32)))
OTHER = SigningKey("registry.example.org/log/1", bytes(32))
WITNESS = SigningKey("witness.example.org", bytes([7]) * 32, KeyType.COSIGNATURE)
TEXT = "A text.\n\nWith a blank line.\n"
NOTE = SignedNote.sign(TEXT, KEY)

seeds = st.binary(min_size=32, max_size=32)
names = st.text(
    st.characters(min_codepoint=0x21, exclude_categories=["Cs"], exclude_characters="+"), min_size=1
).filter(lambda name: not any(character.isspace() for character in name))
texts = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]) | st.just("\n")).map(
    lambda text: f"{text}\n"
)


def test_own_vector():
    """The key of the seed 00..1f and its note, as they were first written: neither form ever changes."""
    assert KEY.verifier.vkey == "registry.example.org/log/1+f7381f69+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert KEY.secret == "PRIVATE+KEY+registry.example.org/log/1+f7381f69+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    assert NOTE.serialise().decode() == (
        "A text.\n\nWith a blank line.\n\n— registry.example.org/log/1 "
        "9zgfaZDDvV/PWhd4cMBncTq9KXquIQEky0gKpV6f+SoOxwCGVT/klGaCmgM6T8+dkDuz1S/sbfzGlu3fZRKQ2ch79wo=\n"
    )  # fmt: skip


@given(texts, st.dictionaries(names, seeds, min_size=1, max_size=4))
def test_a_note_is_read_back_as_it_was_written(text, signers):
    """Any text, any names, several signatures: the same bytes, and each key opens it."""
    keys = [SigningKey(name, seed) for name, seed in signers.items()]
    note = SignedNote.sign(text, *keys)
    parsed = SignedNote.parse(note.serialise())
    assert parsed == note
    for key in keys:
        assert parsed.opened(key.verifier) == text
    assert [key for key, _ in parsed.verified_by([key.verifier for key in keys])] == [key.verifier for key in keys]


@given(names, seeds, st.sampled_from(KeyType))
def test_keys_are_read_back_as_they_were_written(name, seed, key_type):
    """Public and private keys, of both types; the two types of one seed have different ids."""
    key = SigningKey(name, seed, key_type)
    assert VerifierKey.parse(key.verifier.vkey) == key.verifier
    assert SigningKey.parse(key.secret) == key
    other = SigningKey(name, seed, KeyType(5 - key_type))
    assert other.verifier.public_key == key.verifier.public_key
    assert other.verifier.key_id != key.verifier.key_id


@given(st.data())
def test_no_changed_byte_is_accepted(data):
    """Whatever bit of a note is changed, it is no note, or no note that this key signed."""
    raw = bytearray(NOTE.serialise())
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(NoteError):
        SignedNote.parse(bytes(raw)).opened(KEY.verifier)


@given(st.binary(max_size=200) | texts.map(str.encode))
def test_what_is_read_has_one_form(data):
    """Whatever bytes are read as a note are exactly those that the note is written as."""
    try:
        note = SignedNote.parse(data)
    except NoteError:
        return
    assert note.serialise() == data


LINE = NOTE.signatures[0].line.encode()
ID_AND_SIGNATURE = NOTE.signatures[0].line.split(" ")[2].encode()


@pytest.mark.parametrize(
    "data",
    {
        "nothing": b"",
        "no signature": b"text\n",
        "no signature line": b"text\n\n",
        "no blank line": b"text\n" + LINE + b"\n",
        "missing final newline": b"text\n\n" + LINE,
        "blank line at the end": b"text\n\n" + LINE + b"\n\n",
        "blank line between signatures": b"text\n\n" + LINE + b"\n\nx\n",
        "bad UTF-8 in the text": b"te\xffxt\n\n" + LINE + b"\n",
        "bad UTF-8 in a name": b"text\n\n" + "— na".encode() + b"\xc3" + b"me " + ID_AND_SIGNATURE + b"\n",
        "a surrogate": b"te\xed\xa0\x80xt\n\n" + LINE + b"\n",
        "overlong UTF-8": b"te\xc0\xaext\n\n" + LINE + b"\n",
        "carriage return": b"text\r\n\n" + LINE + b"\n",
        "carriage return after a signature": b"text\n\n" + LINE + b"\r\n",
        "tab": b"te\txt\n\n" + LINE + b"\n",
        "null": b"te\x00xt\n\n" + LINE + b"\n",
        "escape": b"te\x1bxt\n\n" + LINE + b"\n",
        "the same signature twice": b"text\n\n" + LINE + b"\n" + LINE + b"\n",
        "no em dash": b"text\n\n- " + LINE[4:] + b"\n",
        "two spaces": b"text\n\n" + LINE.replace(b" ", b"  ", 1) + b"\n",
        "space at the end": b"text\n\n" + LINE + b" \n",
        "space before": b"text\n\n " + LINE + b"\n",
        "no name": "text\n\n—  ".encode() + ID_AND_SIGNATURE + b"\n",
        "plus in a name": "text\n\n— a+b ".encode() + ID_AND_SIGNATURE + b"\n",
        "no-break space in a name": "text\n\n— a\u00a0b ".encode() + ID_AND_SIGNATURE + b"\n",
        "ideographic space in a name": "text\n\n— a\u3000b ".encode() + ID_AND_SIGNATURE + b"\n",
        "line separator in a name": "text\n\n— a\u2028b ".encode() + ID_AND_SIGNATURE + b"\n",
        "no signature bytes": "text\n\n— name AAAAAA==\n".encode(),
        "short id": "text\n\n— name AAAA\n".encode(),
        "not base 64": "text\n\n— name !!!!!!!!\n".encode(),
        "base 64 for addresses": "text\n\n— name AAAAAAA_\n".encode(),
        "no padding": "text\n\n— name AAAAAAA\n".encode(),
        "stray padding bits": "text\n\n— name AAAAAAB=\n".encode(),
        "text after the signatures": b"text\n\n" + LINE + b"\nmore\n",
        "too many signatures": b"text\n\n"
        + b"".join(f"— n{number} AAAAAAA=\n".encode() for number in range(MAX_SIGNATURES + 1)),
        "too long": b"x" * MAX_NOTE + b"\n\n" + LINE + b"\n",
    }.items(),
    ids=lambda item: item[0],
)
def test_anything_else_is_no_note(data):
    """A note in any other form is refused with a sentence and the code for notes."""
    with pytest.raises(NoteError) as refused:
        SignedNote.parse(data[1])
    assert refused.value.code == "log-note"
    assert str(refused.value).endswith(".")


def test_sixteen_signatures_are_read():
    """The specification asks for at least so many, and up to a hundred are read."""
    many = [SigningKey(f"key{number}", bytes([number]) * 32) for number in range(MAX_SIGNATURES)]
    for count in (16, MAX_SIGNATURES):
        note = SignedNote.sign(TEXT, *many[:count])
        assert len(SignedNote.parse(note.serialise()).verified_by([key.verifier for key in many])) == count


def test_unknown_signatures_are_kept_and_ignored():
    """Signatures of unknown keys and types stay where they are, and neither help nor harm."""
    strange = NoteSignature("somebody.example.org", b"\x01\x02\x03\x04", b"of another algorithm")
    same_name = NoteSignature(KEY.name, b"\x00\x00\x00\x00", bytes(64))
    same_id = NoteSignature("other.example.org", KEY.verifier.key_id, bytes(64))
    note = NOTE.with_signature(strange).with_signature(same_name).with_signature(same_id)
    parsed = SignedNote.parse(note.serialise())
    assert parsed.signatures == (*NOTE.signatures, strange, same_name, same_id)
    assert parsed.opened(KEY.verifier) == TEXT


def test_a_note_without_a_known_signature_is_refused():
    """Also one by a key of the same name, and one verified with no key at all."""
    for keys in ((), (OTHER.verifier,), (WITNESS.verifier,)):
        with pytest.raises(SignatureRejected) as refused:
            NOTE.opened(*keys)
        assert refused.value.code == "log-signature"


def test_a_wrong_signature_of_a_known_key_refuses_the_whole_note():
    """Even where another known key signed rightly."""
    wrong = SignedNote(TEXT, (NoteSignature(OTHER.name, OTHER.verifier.key_id, bytes(64)),))
    with pytest.raises(SignatureRejected):
        wrong.with_signature(KEY.sign(TEXT)).opened(KEY.verifier, OTHER.verifier)
    assert wrong.with_signature(KEY.sign(TEXT)).opened(KEY.verifier) == TEXT


def test_a_cosignature_is_no_signature_of_the_log():
    """The same seed in both types: neither signature passes for the other, at any length or time."""
    log, witness = KEY, SigningKey(KEY.name, KEY.seed, KeyType.COSIGNATURE)
    cosignature = witness.sign(TEXT, 1_700_000_000)
    assert witness.verifier.verifies(TEXT, cosignature)
    assert not log.verifier.verifies(TEXT, cosignature)
    renamed = NoteSignature(log.name, log.verifier.key_id, cosignature.signature[8:])
    assert not log.verifier.verifies(TEXT, renamed)
    later = NoteSignature(witness.name, witness.verifier.key_id, bytes(8) + cosignature.signature[8:])
    assert not witness.verifier.verifies(TEXT, later)
    renamed = NoteSignature("other.example.org", log.verifier.key_id, log.sign(TEXT).signature)
    assert not log.verifier.verifies(TEXT, renamed)
    beyond = NoteSignature(witness.name, witness.verifier.key_id, b"\xff" * 8 + cosignature.signature[8:])
    assert not witness.verifier.verifies(TEXT, beyond)


def test_a_cosignature_beyond_the_last_time_is_none():
    """A timestamp of more than 2^63 - 1 is refused even where the witness signed it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    for timestamp, accepted in ((MAX_TIMESTAMP, True), (MAX_TIMESTAMP + 1, False)):
        message = f"cosignature/v1\ntime {timestamp}\n{TEXT}".encode()
        signature = timestamp.to_bytes(8, "big") + Ed25519PrivateKey.from_private_bytes(WITNESS.seed).sign(message)
        line = NoteSignature(WITNESS.name, WITNESS.verifier.key_id, signature)
        assert WITNESS.verifier.verifies(TEXT, line) is accepted


@pytest.mark.parametrize(
    "vkey",
    [
        "", "name", "name+00000000", "name+00000000+", KEY.verifier.vkey[:-1], KEY.verifier.vkey + "\n", " " + KEY.verifier.vkey,
        KEY.verifier.vkey.replace("f7381f69", "F7381F69"), KEY.verifier.vkey.replace("f7381f69", "f7381f6a"),
        KEY.verifier.vkey.replace("/log/1", "/log/2"), KEY.verifier.vkey.replace("registry", "regis try"),
        "name+00000000+" + b64encode(b"\x01" + bytes(31)).decode(), "name+00000000+" + b64encode(b"\x02" + bytes(32)).decode(),
        "name+00000000+" + b64encode(b"\x01").decode(), "+00000000+" + b64encode(b"\x01" + bytes(32)).decode(),
    ],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(vkey):
    """A key with a letter missing, of another name or an unknown type is no key."""
    with pytest.raises(NoteError):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "secret",
    ["", "PRIVATE+KEY", KEY.verifier.vkey, KEY.secret[:-4], KEY.secret.replace("+f7", "+f8"), "x" + KEY.secret],
)
def test_a_malformed_signing_key_is_refused_and_not_quoted(secret):
    """The error of a private key never holds a part of it; nor does its representation."""
    with pytest.raises(NoteError) as refused:
        SigningKey.parse(secret)
    assert "AQABAgME" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "seed" not in repr(KEY)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SigningKey("two words", bytes(32)), lambda: SigningKey("", bytes(32)), lambda: SigningKey("a", bytes(31)),
        lambda: SigningKey("\ud800", bytes(32)), lambda: VerifierKey("a", bytes(33)), lambda: KEY.sign(TEXT, 5),
        lambda: WITNESS.sign(TEXT), lambda: WITNESS.sign(TEXT, -1), lambda: WITNESS.sign(TEXT, MAX_TIMESTAMP + 1),
        lambda: SignedNote.sign("no newline", KEY), lambda: SignedNote.sign("tab\t\n", KEY), lambda: SignedNote.sign(TEXT),
        lambda: SignedNote.sign(TEXT, KEY, KEY), lambda: SignedNote("\ud800\n", NOTE.signatures), lambda: SignedNote.sign(TEXT, WITNESS),
        lambda: NoteSignature("a", b"123", b"x"), lambda: NoteSignature("a", b"1234", b""),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(make):
    """What could not be read back is not written in the first place."""
    with pytest.raises(NoteError):
        make()


@given(st.binary())
def test_base_64_has_one_form(data):
    """Bytes have one text, and no other text gives them."""
    text = to_base64(data)
    assert from_base64(text) == data
    assert (
        from_base64(f"{text}\n")
        is from_base64(f" {text}")
        is from_base64(f"{text}=")
        is from_base64(f"{text}A")
        is None
    )
    assert from_base64("ü") is None
