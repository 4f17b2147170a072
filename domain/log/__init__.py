"""The formats of the transparency log, and its verification: all that an offline verifier needs. No I/O.

    policy = TrustPolicy.of(vkey)                               # whom to believe
    LogProof.parse(file).verify(entry, policy)                  # one event is in the log, offline
    old, new = (policy.open(note).checkpoint for note in (kept, fetched))
    reader = TileReader(source, new.size, new.root)             # believes nothing that the root does not cover
    new.require_growth(old, reader.consistency_proof)           # the log only grew
    for entry in reader.entries(old.size): LogLeaf.parse(entry)

Modules: ``tiles`` (places and contents), ``tile_reader`` and ``tiled_tree`` (a log over a store of them, read and grown),
``note_keys`` and ``signed_note`` (who signed what), ``checkpoint`` (what a log commits to), ``log_proof`` (the file), ``leaf``
(what an entry says). The mathematics is ``domain.merkle``.
"""
