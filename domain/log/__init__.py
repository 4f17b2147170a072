"""The formats of the transparency log, and its verification: all that an offline verifier needs. No I/O.

    policy = TrustPolicy.of(vkey)                     # whom to believe
    trusted = policy.open(note)                       # a checkpoint: signed, of this log, witnessed
    LogProof.parse(file).verify(entry, policy)        # an event's leaf is in it
    new.require_growth(old, reader.consistency_proof(old.size))   # and the log only grew

Modules: ``tiles`` (places and contents), ``tiled_tree`` (a log over a store of them), ``note_keys`` and ``signed_note`` (who
signed what), ``checkpoint`` (what a log commits to), ``log_proof`` (the file), ``leaf`` (what an entry says). The mathematics
is ``domain.merkle``.
"""
