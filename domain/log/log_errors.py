"""What can be wrong with a file, a note, a tile or a leaf of the transparency log.

    TransparencyError             code; domain.merkle
    ├── TileError                 log-tile            a path, a tile or an entry bundle that is none
    │   └── TileMissing           log-tile-missing    the source has no such tile
    ├── NoteError                 log-note            a signed note, a key or a signature line that is none
    │   └── SignatureRejected     log-signature       a signature that does not verify, or none by a key that counts
    ├── CheckpointError           log-checkpoint      a note whose text is no checkpoint of the log that was asked for
    ├── ProofFileError            log-proof-file      a file that is no ``.tlog-proof``
    └── LeafError                 log-leaf            bytes that are no leaf of the registry

Whoever verifies catches ``TransparencyError``: its text is the one sentence for a person, ``code`` is for programs.
"""

from __future__ import annotations

from domain.merkle import TransparencyError


class TileError(TransparencyError):
    """A tile path, a tile or an entry bundle is malformed."""

    code = "log-tile"


class TileMissing(TileError):
    """The source holds no tile or bundle under this path."""

    code = "log-tile-missing"


class NoteError(TransparencyError):
    """A signed note, a verifier key or a signature line is malformed."""

    code = "log-note"


class SignatureRejected(NoteError):
    """A signature of a known key does not verify, or no signature that counts is there."""

    code = "log-signature"


class CheckpointError(TransparencyError):
    """A note is no checkpoint, or one of another log."""

    code = "log-checkpoint"


class ProofFileError(TransparencyError):
    """A file is no proof in the format of C2SP tlog-proof."""

    code = "log-proof-file"


class LeafError(TransparencyError):
    """Bytes are no leaf as the registry writes them."""

    code = "log-leaf"
