"""Selective disclosure as RFC 9901 has it: the specification's own digest, and the reference implementation's reading."""

from __future__ import annotations

import itertools
import secrets
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from jwcrypto.jwk import JWK
from sd_jwt.holder import SDJWTHolder
from sd_jwt.verifier import SDJWTVerifier

from domain.attestation.sd_jwt import NEVER_CONCEALED, concealed, digest, disclosure

HIDDEN = {
    "name": "王敏",
    "identity_number": "110101199003070000",
    "certificate_number": None,
    "case_number": "ZJ2026-1",
}
VISIBLE = {"iss": "https://registry.example", "vct": "https://registry.example/t", "title": "工程师"}


def fresh() -> str:
    """A salt as the registry draws it."""
    return secrets.token_urlsafe(16)


def issued() -> tuple[str, ECKey]:
    """A document, and the key by which it is verified."""
    key = ECKey.generate_key("P-256")
    document = concealed(VISIBLE, HIDDEN, fresh)
    header = {"alg": "ES256", "typ": "dc+sd-jwt"}
    return document.compact(jwt.encode(header, dict(document.payload), key)), key


def read(document: str, key: ECKey) -> dict[str, Any]:
    """What the reference implementation reads of it, once it believes it."""
    public = JWK(**key.as_dict(private=False))
    payload: dict[str, Any] = SDJWTVerifier(document, lambda _iss, _header: public).get_verified_payload()
    return payload


def test_a_disclosure_and_its_digest_are_those_of_the_specification() -> None:
    """RFC 9901, section 4.2.1: the family name Möbius under the salt of the example, and the digest of that text."""
    written = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert disclosure("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius") == written
    assert digest(written) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_the_reference_implementation_reads_every_claim_that_is_disclosed() -> None:
    """With all disclosures everything that is stated, and nothing that is not."""
    document, key = issued()
    stated = {name: value for name, value in HIDDEN.items() if value is not None}
    assert read(document, key) == {**VISIBLE, **stated}


@pytest.mark.parametrize("shown", [set[str](), {"name"}, {"name", "case_number"}])
def test_the_holder_shows_what_they_choose(shown: set[str]) -> None:
    """The reference implementation of the holder leaves disclosures out; the verifier then reads just what was shown."""
    document, key = issued()
    holder = SDJWTHolder(document)
    holder.create_presentation(dict.fromkeys(shown, True))
    assert read(holder.sd_jwt_presentation, key) == {**VISIBLE, **{name: HIDDEN[name] for name in shown}}


def test_what_is_not_shown_is_not_in_the_document() -> None:
    """Neither a value nor the name of a claim stands in what is signed; a claim that is not stated has a decoy in its place."""
    document, _key = issued()
    signed = jwt.decode(document.partition("~")[0], _key, algorithms=["ES256"]).claims
    assert signed.keys() == {*VISIBLE, "_sd", "_sd_alg"}
    assert len(signed["_sd"]) == len(HIDDEN) == document.count("~")
    assert signed["_sd"] == sorted(signed["_sd"])
    again, _ = issued()
    assert not set(again.split("~")[1:-1]) & set(document.split("~")[1:-1])


@pytest.mark.parametrize("name", sorted(NEVER_CONCEALED | {"_sd", "...", "_sd_alg", "title"}))
def test_what_every_verifier_needs_is_never_concealed(name: str) -> None:
    """The claims that an SD-JWT VC always shows, reserved names, and one that is stated already."""
    with pytest.raises(ValueError, match="cannot be concealed"):
        concealed({"title": "工程师"}, {name: "x"}, map(str, itertools.count()).__next__)
