"""A checkpoint is believed when the right log signed it, enough witnesses confirmed it, and it continues the last one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.log.checkpoint import Cosignature, LogCheckpoint, LogOrigin, TrustPolicy, cosignatures, cosigned
from domain.log.log_errors import CheckpointError, NoteError, SignatureRejected
from domain.log.note_keys import KeyType, NoteSignature, SigningKey
from domain.log.signed_note import SignedNote
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.merkle import EMPTY_ROOT, MAX_SIZE, ProofRejected, TreeBoundsError, leaf_hash

ORIGIN = LogOrigin("registry.example.org/log", 1)
KEY = SigningKey(str(ORIGIN), bytes(range(32)))
NEXT_KEY = SigningKey(str(ORIGIN), bytes(range(1, 33)))
WITNESSES = [SigningKey(f"w{number}.example.org", bytes([number]) * 32, KeyType.COSIGNATURE) for number in range(3)]
CHECKPOINT = LogCheckpoint(str(ORIGIN), 42, leaf_hash(b"root"))
LINES = CHECKPOINT.text

lines = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1)


@given(lines, st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3))
def test_a_checkpoint_is_read_back_as_it_was_written(origin, size, root, extensions):
    """Any origin, size, root and extension lines."""
    checkpoint = LogCheckpoint(origin, size, root, tuple(extensions))
    assert LogCheckpoint.parse(checkpoint.text) == checkpoint


def test_the_text_is_that_of_the_specification():
    """Origin, size and root, each on a line of its own."""
    assert LINES == "registry.example.org/log/1\n42\nPAb5plclr2BSYfY2ZyyWINQJcx2JpFHXRV/pxK4WeCk=\n"
    assert LogCheckpoint("empty", 0, EMPTY_ROOT).text == "empty\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "origin\n", "origin\n42\n", LINES[:-1], "\n" + LINES, LINES + "\n", LINES + "\nextension\n",
        LINES.replace("42", "042"), LINES.replace("42", "+42"), LINES.replace("42", "-42"), LINES.replace("42", "4 2"),
        LINES.replace("42", "42.0"), LINES.replace("42", "٤٢"), LINES.replace("42", ""), LINES.replace("42", "9" * 19),
        LINES.replace("42", "9" * 5000), LINES.replace("42", "0"), LINES.replace("=", ""), LINES.replace("Ck=", "Cl="),
        LINES.replace("PAb5", ""), LINES.replace("/log/1", "\n"),
    ],
)  # fmt: skip
def test_any_other_text_is_no_checkpoint(text):
    """Another number of lines, another spelling of size or root, an empty line: refused."""
    with pytest.raises(CheckpointError) as refused:
        LogCheckpoint.parse(text)
    assert refused.value.code == "log-checkpoint"


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogCheckpoint("", 1, bytes(32)), lambda: LogCheckpoint("a", -1, bytes(32)), lambda: LogCheckpoint("a", 1, b""),
        lambda: LogCheckpoint("a", MAX_SIZE + 1, bytes(32)), lambda: LogCheckpoint("a", True, bytes(32)),
        lambda: LogCheckpoint("a", 0, bytes(32)), lambda: LogCheckpoint("a", 1, bytes(32), ("",)),
        lambda: LogCheckpoint("a\nb", 1, bytes(32)), lambda: LogCheckpoint("a\tb", 1, bytes(32)),
        lambda: LogOrigin("a", 0), lambda: LogOrigin("a", True), lambda: LogOrigin("a b", 1), lambda: LogOrigin("", 1),
        lambda: LogOrigin.parse("registry.example.org"), lambda: LogOrigin.parse("registry.example.org/01"),
        lambda: LogOrigin.parse("registry.example.org/0"), lambda: LogOrigin.parse("/1"), lambda: LogOrigin.parse("a/1\n"),
    ],
)  # fmt: skip
def test_what_no_checkpoint_says_is_refused(make):
    """Values that could not be read back are not written."""
    with pytest.raises((CheckpointError, NoteError)):
        make()


def test_origins_name_an_epoch():
    """An origin is read back, and the next epoch is another log."""
    assert LogOrigin.parse(str(ORIGIN)) == ORIGIN
    assert str(ORIGIN.next) == "registry.example.org/log/2"


def test_a_policy_opens_what_the_log_signed():
    """With the log's key alone; with either key while it is changed; extension lines are kept and believed by nobody."""
    extended = LogCheckpoint(CHECKPOINT.origin, CHECKPOINT.size, CHECKPOINT.root, ("extension",))
    for signed in (CHECKPOINT, extended):
        data = signed.signed(KEY).serialise()
        trusted = TrustPolicy.of(KEY.verifier.vkey).open(data)
        assert (trusted.checkpoint, trusted.cosignatures, trusted.note.serialise()) == (signed, (), data)
    both = TrustPolicy.of(KEY.verifier.vkey, NEXT_KEY.verifier.vkey)
    assert both.open(CHECKPOINT.signed(NEXT_KEY).serialise()).checkpoint == CHECKPOINT


def test_a_policy_opens_no_other_log():
    """Another key, another origin under the right key, a note that is no checkpoint, a cosignature alone."""
    policy = TrustPolicy.of(KEY.verifier.vkey)
    with pytest.raises(SignatureRejected):
        policy.open(CHECKPOINT.signed(NEXT_KEY).serialise())
    with pytest.raises(CheckpointError, match="log/2"):
        policy.open(LogCheckpoint(str(ORIGIN.next), 42, CHECKPOINT.root).signed(KEY).serialise())
    with pytest.raises(CheckpointError):
        policy.open(SignedNote.sign("A text.\n", KEY).serialise())
    with pytest.raises(SignatureRejected):
        policy.open(SignedNote(LINES, (WITNESSES[0].sign(LINES, 5),)).serialise())
    with pytest.raises(NoteError):
        policy.open(b"")


def test_a_quorum_of_witnesses():
    """As many different known witnesses as asked for, whichever; unknown ones don't count, wrong ones refuse the note."""
    note = CHECKPOINT.signed(KEY)
    vkeys = [KEY.verifier.vkey, *(witness.verifier.vkey for witness in WITNESSES)]
    with pytest.raises(SignatureRejected, match="0 known witnesses"):
        TrustPolicy.of(*vkeys, quorum=2).open(note.serialise())
    note = cosigned(note, WITNESSES[2], 1_700_000_000)
    with pytest.raises(SignatureRejected, match="1 known witnesses"):
        TrustPolicy.of(*vkeys, quorum=2).open(note.serialise())
    note = cosigned(note, WITNESSES[0], 1_700_000_005)
    trusted = TrustPolicy.of(*vkeys, quorum=2).open(note.serialise())
    assert trusted.cosignatures == (
        Cosignature(WITNESSES[2].verifier, 1_700_000_000),
        Cosignature(WITNESSES[0].verifier, 1_700_000_005),
    )
    with pytest.raises(SignatureRejected):
        TrustPolicy.of(*vkeys).open(note.serialise())
    assert TrustPolicy.of(*vkeys[:2]).open(note.serialise()).cosignatures == trusted.cosignatures[1:]
    wrong = note.with_signature(NoteSignature(WITNESSES[1].name, WITNESSES[1].verifier.key_id, bytes(72)))
    with pytest.raises(SignatureRejected):
        TrustPolicy.of(*vkeys, quorum=2).open(wrong.serialise())


def test_one_key_under_two_names_is_one_witness():
    """Names are free, keys are not: a quorum counts keys."""
    twin = SigningKey("twin.example.org", WITNESSES[0].seed, KeyType.COSIGNATURE)
    witnesses = (WITNESSES[0].verifier, twin.verifier)
    with pytest.raises(CheckpointError):
        TrustPolicy(str(ORIGIN), (KEY.verifier,), witnesses, 2)
    policy = TrustPolicy(str(ORIGIN), (KEY.verifier,), (*witnesses, WITNESSES[1].verifier), 2)
    note = cosigned(cosigned(CHECKPOINT.signed(KEY), WITNESSES[0], 5), twin, 5)
    with pytest.raises(SignatureRejected, match="1 known witnesses"):
        policy.judge(note)


@pytest.mark.parametrize(
    "make",
    [
        TrustPolicy.of, lambda: TrustPolicy.of(WITNESSES[0].verifier.vkey), lambda: TrustPolicy.of("nonsense"),
        lambda: TrustPolicy.of(KEY.verifier.vkey, SigningKey("other", bytes(32)).verifier.vkey),
        lambda: TrustPolicy.of(KEY.verifier.vkey, quorum=1), lambda: TrustPolicy.of(KEY.verifier.vkey, quorum=-1),
        lambda: TrustPolicy("a", (WITNESSES[0].verifier,)), lambda: TrustPolicy("a", (KEY.verifier,), (KEY.verifier,)),
        lambda: cosigned(SignedNote.sign("no checkpoint\n", KEY), WITNESSES[0], 5),
        lambda: cosigned(CHECKPOINT.signed(KEY), NEXT_KEY, 5),
        lambda: cosigned(cosigned(CHECKPOINT.signed(KEY), WITNESSES[0], 5), WITNESSES[0], 6),
    ],
)  # fmt: skip
def test_a_policy_that_nothing_would_satisfy_is_refused(make):
    """No log key, keys of two logs, a key in the other's role, a quorum nobody can reach."""
    with pytest.raises((CheckpointError, NoteError)):
        make()


def test_a_cosignature_signs_its_time():
    """The message is that of cosignature/v1, so the timestamp can't be moved."""
    note = cosigned(CHECKPOINT.signed(KEY), WITNESSES[0], 1_679_315_147)
    [cosignature] = cosignatures(note, WITNESSES[0].verifier)
    assert cosignature.timestamp == 1_679_315_147
    assert cosignatures(note, KEY.verifier) == ()
    line = note.signatures[1]
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    message = f"cosignature/v1\ntime 1679315147\n{LINES}".encode()
    Ed25519PublicKey.from_public_bytes(WITNESSES[0].verifier.public_key).verify(line.signature[8:], message)
    moved = NoteSignature(line.name, line.key_id, (1_679_315_148).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(SignatureRejected):
        cosignatures(SignedNote(note.text, (note.signatures[0], moved)), WITNESSES[0].verifier)


def histories(*counts):
    """Checkpoints of one log at these sizes, and a reader of its last tree."""
    tree = TiledTree(InMemoryTiles())
    found = []
    for count in counts:
        tree.append([b"leaf %d" % number for number in range(tree.size, count)])
        found.append(LogCheckpoint(str(ORIGIN), tree.size, tree.root))
    return found, tree.reader


def test_growth_is_proved():
    """Every later checkpoint continues every earlier one, the empty one too, and itself."""
    found, reader = histories(0, 1, 2, 255, 256, 300)
    for number, older in enumerate(found):
        for newer in found[number:]:
            newer.require_growth(older, reader.consistency_proof)


def test_a_log_that_shrank_or_changed_is_refused():
    """After a restore, under another origin, with another history of the same or a larger size, with a proof too many."""
    [empty, old, new], reader = histories(0, 10, 20)
    prove = reader.consistency_proof
    with pytest.raises(ProofRejected, match="shrank from 20 to 10"):
        old.require_growth(new, prove)
    with pytest.raises(ProofRejected, match="does not continue"):
        LogCheckpoint(str(ORIGIN.next), 20, new.root).require_growth(old, prove)
    with pytest.raises(ProofRejected):
        LogCheckpoint(str(ORIGIN), 10, new.root).require_growth(old, lambda *_: [])
    with pytest.raises(ProofRejected):
        LogCheckpoint(str(ORIGIN), 20, old.root).require_growth(old, prove)
    with pytest.raises(ProofRejected):
        new.require_growth(old, lambda *_: [])
    with pytest.raises(ProofRejected):
        new.require_growth(new, lambda *_: [new.root])
    new.require_growth(empty, lambda *_: pytest.fail("from the empty log there is nothing to prove"))
    with pytest.raises(TreeBoundsError):
        new.require_growth(old, lambda *_: [b"short"] * len(prove(10, 20)))
