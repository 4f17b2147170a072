"""A seal opens at its place and under its key, and one value of it can be shown without any key."""

from __future__ import annotations

import base64
import os

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.sealed_values import COMMITTED, NONCE_BYTES, SEALED, Opening, commitment, opens, padded, place
from infrastructure.sealing.errors import SealBrokenError
from infrastructure.sealing.seals import opening_of, seal, unseal

KEY = bytes(range(32))
PLACE = place("5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10", 1, "recognition-case.submitted", "holder.name")
ELSEWHERE = place("5f0c4ab2-6c1e-5c57-9d3b-3f2f9d6f7a10", 2, "recognition-case.submitted", "holder.name")


def test_a_value_is_shown_by_its_opening() -> None:
    """At its place it is what was sealed; another value, salt or place is not."""
    sealed = seal(KEY, "王 小明", PLACE)
    opening = opening_of(KEY, sealed, PLACE)
    assert opening is not None
    assert opening.value == unseal(KEY, sealed, PLACE) == "王 小明"
    text = sealed[SEALED]
    assert opens(text, opening, PLACE)
    assert not opens(text, Opening(opening.salt, "王 小民"), PLACE)
    assert not opens(text, Opening(bytes(16), opening.value), PLACE)
    assert not opens(text, Opening(opening.salt + b"\0", opening.value), PLACE)
    assert not opens(text, opening, ELSEWHERE)
    assert not opens(text[:30] + ("A" if text[30] != "A" else "B") + text[31:], opening, PLACE)
    assert not opens("2.!", opening, PLACE)


def test_two_seals_of_one_value_have_nothing_in_common() -> None:
    """Neither ciphertext nor commitment tells that two values are one."""
    first, second = (seal(KEY, "same", PLACE)[SEALED] for _ in range(2))
    raw = [base64.urlsafe_b64decode(each.removeprefix(COMMITTED)) for each in (first, second)]
    assert raw[0][NONCE_BYTES : NONCE_BYTES + 32] != raw[1][NONCE_BYTES : NONCE_BYTES + 32]


def test_a_commitment_to_another_value_does_not_open() -> None:
    """Who holds the key and commits to something else than they seal is found at the next reading."""
    nonce, salt = os.urandom(NONCE_BYTES), os.urandom(16)
    stated = commitment(salt, padded("honest"), PLACE)
    ciphertext = AESGCM(KEY).encrypt(nonce, salt + padded("forged"), PLACE + stated)
    sealed = {SEALED: COMMITTED + base64.urlsafe_b64encode(nonce + stated + ciphertext).decode()}
    with pytest.raises(SealBrokenError):
        unseal(KEY, sealed, PLACE)


def test_a_seal_of_the_first_form_opens_and_shows_nothing() -> None:
    """What was stored before commitments is read for ever; that it holds a value, nobody else can be shown."""
    nonce = os.urandom(NONCE_BYTES)
    raw = nonce + AESGCM(KEY).encrypt(nonce, orjson.dumps("old").ljust(32), PLACE)
    sealed = {SEALED: base64.urlsafe_b64encode(raw).decode()}
    assert unseal(KEY, sealed, PLACE) == "old"
    assert opening_of(KEY, sealed, PLACE) is None
    assert not opens(sealed[SEALED], Opening(bytes(16), "old"), PLACE)
