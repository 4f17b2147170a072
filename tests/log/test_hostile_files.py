"""Whatever is handed to a verifier, it answers with a sentence and a code, and what it accepts has one spelling."""

from __future__ import annotations

import subprocess
import sys
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.checkpoint import LogCheckpoint, LogOrigin, cosigned
from domain.log.leaf import LogLeaf
from domain.log.log_proof import LogProof
from domain.log.note_keys import KeyType, NoteSignature, SigningKey, VerifierKey
from domain.log.signed_note import SignedNote
from domain.log.tiles import EntryBundle, Tile, bundled, parse_tile_path
from domain.merkle import TransparencyError, leaf_hash
from tests.sources import ROOT

KEY = SigningKey(str(LogOrigin("registry.example.org/log", 1)), bytes(range(32)))
WITNESS = SigningKey("witness.example.org", bytes([7]) * 32, KeyType.COSIGNATURE)
CHECKPOINT = LogCheckpoint(KEY.name, 42, leaf_hash(b"root"), ("extension",))
NOTE = cosigned(CHECKPOINT.signed(KEY), WITNESS, 1_800_000_000)
LEAF = LogLeaf.of(UUID(int=1 << 64), 3, "recognition-case.matched", 42, b"stored")


def of_text(parse, write):
    """A reader of text, asked with bytes as a command line or a server would hand them on."""
    return (
        lambda data: parse(data.decode("utf-8", "surrogateescape")),
        lambda found: write(found).encode("utf-8", "surrogateescape"),
    )


READERS = {
    "note": (NOTE.serialise(), SignedNote.parse, SignedNote.serialise),
    "proof": (
        LogProof(7, (leaf_hash(b"a"), leaf_hash(b"b")), NOTE, b"x").serialise(),
        LogProof.parse,
        LogProof.serialise,
    ),
    "leaf": (LEAF.encode(), LogLeaf.parse, LogLeaf.encode),
    "bundle": (bundled([b"one", b"", b"three"]), EntryBundle(0, 3).entries, bundled),
    "checkpoint": (CHECKPOINT.text.encode(), *of_text(LogCheckpoint.parse, lambda found: found.text)),
    "vkey": (KEY.verifier.vkey.encode(), *of_text(VerifierKey.parse, lambda found: found.vkey)),
    "secret": (KEY.secret.encode(), *of_text(SigningKey.parse, lambda found: found.secret)),
    "line": (NOTE.signatures[1].line.encode(), *of_text(NoteSignature.parse, lambda found: found.line)),
    "path": (Tile(0, 1234067, 12).path.encode(), *of_text(parse_tile_path, lambda found: found.path)),
    "origin": (KEY.name.encode(), *of_text(LogOrigin.parse, str)),
}
pieces = st.binary(max_size=4) | st.sampled_from(
    [
        b"\n",
        b"\n\n",
        b" ",
        b"+",
        b"=",
        b"0",
        b"/",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xc2\xa0",
        "— ".encode(),
        b'"',
        b"{",
        b"9" * 5000,
    ]
)
edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 40), pieces), min_size=1, max_size=3)


@pytest.mark.parametrize("reader", READERS)
def test_a_sample_is_read_and_written_back(reader):
    """Each reader accepts its own sample: what follows is about files that were right once."""
    sample, parse, write = READERS[reader]
    assert write(parse(sample)) == sample


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=150, deadline=None)
@given(changes=edits)
def test_an_edited_file_is_refused_or_has_its_own_spelling(reader, changes):
    """Cut, doubled, spliced with what parsers stumble over: nothing but a ``TransparencyError`` comes out, in one sentence."""
    sample, parse, write = READERS[reader]
    for at, removed, put in changes:
        begin = at % (len(sample) + 1)
        sample = sample[:begin] + put + sample[begin + removed :]
    try:
        found = parse(sample)
    except TransparencyError as refused:
        assert str(refused).endswith(".")  # noqa: PT017 - both outcomes are right
        assert "\n" not in str(refused)  # noqa: PT017 - as above
        assert len(str(refused)) < 300  # noqa: PT017 - as above
        return
    assert write(found) == sample


def test_a_verifier_needs_the_domain_only():
    """Reading, verifying and growing a log loads no database, no web, no model library: it runs where those are not."""
    script = (
        "import pkgutil, sys, domain.log\n"
        "for each in pkgutil.iter_modules(domain.log.__path__):\n"
        "    __import__(f'domain.log.{each.name}')\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    assert {"domain", "cryptography", "rfc8785"} <= set(loaded)
    others = {
        "application",
        "infrastructure",
        "catalog",
        "eventsourcing",
        "pydantic",
        "psycopg",
        "starlette",
        "strawberry",
    }
    assert others & set(loaded) == set()
