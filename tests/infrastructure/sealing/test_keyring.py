"""The keys of holders: one key each, whoever asks; destroyed for good; wrapped by a master key that can change."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from infrastructure.sealing.errors import HolderErased, HolderKeyMissingError, MasterKeyError, SealBrokenError
from infrastructure.sealing.keyring import INDEX_REF, PostgresKeyring
from infrastructure.sealing.master import MasterKeys
from infrastructure.sealing.rotation import rotate
from tests.keys_in_memory import InMemoryKeyring

MASTER = MasterKeys.generate()


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(params=["memory", "postgres"])
def keyring(request):
    if request.param == "memory":
        return InMemoryKeyring()
    return PostgresKeyring(request.getfixturevalue("pool"), MASTER)


class TestEveryKeyring:
    """What holds in memory and in PostgreSQL alike."""

    def test_keeps_one_key_for_each_holder(self, keyring):
        """A holder's key is 32 bytes, stays the same, and is no other holder's."""
        one, other = uuid4(), uuid4()
        key = keyring.key_for(one)
        assert len(key) == 32
        assert keyring.key_for(one) == keyring.existing_key(one) == key
        assert keyring.key_for(other) != key

    def test_never_opens_with_a_key_that_was_not_there(self, keyring):
        """Opening makes no key: a holder without key and tombstone is an error."""
        with pytest.raises(HolderKeyMissingError):
            keyring.existing_key(uuid4())

    def test_destroys_for_good(self, keyring):
        """After destruction there is no key to open with, none to seal with, and destroying again changes nothing."""
        ref = uuid4()
        keyring.key_for(ref)
        assert keyring.destroy(ref)
        assert keyring.existing_key(ref) is None
        with pytest.raises(HolderErased):
            keyring.key_for(ref)
        assert not keyring.destroy(ref)

    def test_buries_a_holder_who_never_had_a_key(self, keyring):
        """The tombstone stands also where no key was made yet, so that a late writer makes none."""
        ref = uuid4()
        assert keyring.destroy(ref)
        with pytest.raises(HolderErased):
            keyring.key_for(ref)

    def test_gives_racing_writers_one_key(self, keyring):
        """Writers who meet a new holder at once all seal with the one key that was kept."""
        ref, start = uuid4(), threading.Barrier(6)

        def ask(_):
            start.wait()
            return keyring.key_for(ref)

        with ThreadPoolExecutor(6) as executor:
            assert len(set(executor.map(ask, range(6)))) == 1

    def test_warms_what_there_is(self, keyring):
        """Warming passes over the unknown and the erased, and changes no answer."""
        known, erased, unknown = uuid4(), uuid4(), uuid4()
        key = keyring.key_for(known)
        keyring.destroy(erased)
        keyring.warm({known, erased, unknown})
        assert (keyring.existing_key(known), keyring.existing_key(erased)) == (key, None)
        with pytest.raises(HolderKeyMissingError):
            keyring.existing_key(unknown)


class TestPostgresKeyring:
    """What holds between processes, and of the rows."""

    def test_shares_keys_between_processes(self, pool):
        """What one process made, another unwraps."""
        ref = uuid4()
        assert PostgresKeyring(pool, MASTER).key_for(ref) == PostgresKeyring(pool, MASTER).existing_key(ref)

    def test_lets_go_of_a_destroyed_key_in_time(self, pool):
        """Another process stops decrypting when its cached key's term ends, however often the key was used meanwhile."""
        clock, ref = Clock(), uuid4()
        elsewhere = PostgresKeyring(pool, MASTER, cache_seconds=10, clock=clock)
        elsewhere.key_for(ref)
        PostgresKeyring(pool, MASTER).destroy(ref)
        for clock.now in (5.0, 9.9):
            assert elsewhere.existing_key(ref) is not None
        clock.now = 10.0
        assert elsewhere.existing_key(ref) is None
        with pytest.raises(HolderErased):
            elsewhere.key_for(ref)

    def test_counts_a_term_from_the_question(self, pool):
        """A slow answer doesn't lengthen the term: it began before the database was asked."""
        clock, ref = Clock(), uuid4()
        PostgresKeyring(pool, MASTER).key_for(ref)

        class Slow(MasterKeys):
            """Unwrapping takes nine seconds."""

            def unwrap(self, holder_ref, wrapped, key_id):
                clock.now += 9
                return super().unwrap(holder_ref, wrapped, key_id)

        slow = PostgresKeyring(pool, Slow(MASTER.current_id, MASTER.keys), cache_seconds=10, clock=clock)
        slow.existing_key(ref)
        PostgresKeyring(pool, MASTER).destroy(ref)
        clock.now = 10.0
        assert slow.existing_key(ref) is None

    def test_bounds_its_cache(self, pool):
        """No more keys are held in memory than the cache may hold."""
        keyring = PostgresKeyring(pool, MASTER, cache_size=3)
        for ref in [uuid4() for _ in range(5)]:
            keyring.key_for(ref)
        assert len(keyring._cache) == 3

    def test_stores_no_key_in_clear(self, pool, database):
        """The table holds the wrapped key only, and nothing once it is destroyed."""
        ref, keyring = uuid4(), PostgresKeyring(pool, MASTER)
        key = keyring.key_for(ref)
        with psycopg.connect(database.owner_url) as connection:
            ask = "SELECT wrapped_key FROM registry.holder_keys WHERE holder_ref = %s"
            assert key not in bytes(connection.execute(ask, [ref]).fetchone()[0])
            keyring.destroy(ref)
            assert connection.execute(ask, [ref]).fetchone() == (None,)

    def test_refuses_a_row_of_another_holder(self, pool, database):
        """A wrapped key that somebody copied to another holder's row doesn't unwrap there."""
        one, other, keyring = uuid4(), uuid4(), PostgresKeyring(pool, MASTER)
        keyring.key_for(one)
        with psycopg.connect(database.owner_url) as connection:
            connection.execute(
                "INSERT INTO registry.holder_keys SELECT %s, wrapped_key, master_key_id FROM registry.holder_keys"
                " WHERE holder_ref = %s",
                [other, one],
            )
        with pytest.raises(SealBrokenError):
            keyring.existing_key(other)
        keyring.destroy(other)

    def test_keeps_the_secret_of_the_index(self, pool):
        """The reserved reference is no holder and can't be erased."""
        with pytest.raises(ValueError, match="never destroyed"):
            PostgresKeyring(pool, MASTER).destroy(INDEX_REF)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM registry.holder_keys",
        "TRUNCATE registry.holder_keys",
        "UPDATE registry.holder_keys SET holder_ref = gen_random_uuid()",
        "UPDATE registry.holder_keys SET created_at = now()",
        "UPDATE registry.lookups SET holder_ref = gen_random_uuid()",
        "TRUNCATE registry.lookups",
        "ALTER TABLE registry.holder_keys DISABLE TRIGGER keep_tombstone",
    ],
)
def test_the_application_may_do_no_more_than_it_needs(pool, statement):
    """The application's role can't remove a tombstone, hand a key to another holder, or switch the guard off."""
    with pool.connection() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_a_tombstone_is_final_for_everybody(pool, database):
    """Not even the owner's plain UPDATE gives an erased holder a key again."""
    ref = uuid4()
    PostgresKeyring(pool, MASTER).destroy(ref)
    for url in (database.app_url, database.owner_url):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.IntegrityError, match="stays destroyed"):
            connection.execute(
                "UPDATE registry.holder_keys SET wrapped_key = 'x', destroyed_at = NULL WHERE holder_ref = %s", [ref]
            )


class TestRotation:
    """Data keys move from one master key to the next."""

    def test_rewraps_all_keys_and_reports(self, own_pool):
        """After a rotation the new master key alone opens every key, and progress reached its total."""
        old = PostgresKeyring(own_pool, MASTER)
        keys = {ref: old.key_for(ref) for ref in [uuid4() for _ in range(7)]}
        gone = uuid4()
        old.destroy(gone)
        fresh, seen = MASTER.with_new(), []
        assert rotate(own_pool, fresh, progress=lambda *state: seen.append(state), batch_size=3) == 7
        assert seen == [(3, 7), (6, 7), (7, 7)]
        alone = PostgresKeyring(own_pool, fresh.only_current())
        assert {ref: alone.existing_key(ref) for ref in keys} == keys
        assert alone.existing_key(gone) is None
        assert rotate(own_pool, fresh) == 0

    def test_goes_on_after_an_interruption(self, own_pool):
        """What was committed before an interruption stays, and calling again does the rest."""
        old = PostgresKeyring(own_pool, MASTER)
        keys = {ref: old.key_for(ref) for ref in [uuid4() for _ in range(5)]}
        fresh = MASTER.with_new()

        def interrupt(_done, _total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rotate(own_pool, fresh, progress=interrupt, batch_size=2)
        both = PostgresKeyring(own_pool, fresh)
        assert {ref: both.existing_key(ref) for ref in keys} == keys
        assert rotate(own_pool, fresh, batch_size=2) == 3

    def test_never_brings_a_destroyed_key_back(self, own_pool):
        """A key destroyed between being read and being written by the rotation stays destroyed."""
        keyring, ref = PostgresKeyring(own_pool, MASTER), uuid4()
        keyring.key_for(ref)

        class Interleaved(MasterKeys):
            """Somebody erases the holder just before the rotation writes."""

            def wrap(self, holder_ref, data_key):
                keyring.destroy(holder_ref)
                return super().wrap(holder_ref, data_key)

        fresh = MASTER.with_new()
        assert rotate(own_pool, Interleaved(fresh.current_id, fresh.keys)) == 0
        assert PostgresKeyring(own_pool, fresh).existing_key(ref) is None

    def test_needs_the_old_key(self, own_pool):
        """Without the master key that wraps a row, the rotation stops and names it."""
        PostgresKeyring(own_pool, MASTER).key_for(uuid4())
        with pytest.raises(MasterKeyError, match=MASTER.current_id):
            rotate(own_pool, MasterKeys.generate())


class TestMasterKeys:
    """The keys above all others, and their file."""

    def test_are_made_once_and_kept_private(self, tmp_path):
        """The file is made on first use, for its owner's eyes only, and read again afterwards."""
        path = tmp_path / "keys" / "master.keys"
        made = MasterKeys.load_or_create(path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert MasterKeys.load_or_create(path) == made
        assert os.listdir(path.parent) == ["master.keys"]  # noqa: PTH208 - names are what is compared

    def test_of_processes_that_start_together_are_the_same(self, tmp_path):
        """Several first starts at once agree on one key."""
        start = threading.Barrier(6)

        def load(_):
            start.wait()
            return MasterKeys.load_or_create(tmp_path / "master.keys").text()

        with ThreadPoolExecutor(6) as executor:
            assert len(set(executor.map(load, range(6)))) == 1

    def test_are_refused_when_others_may_read_them(self, tmp_path):
        """A file with wider rights is not used; the message says how to repair it."""
        path = tmp_path / "master.keys"
        MasterKeys.load_or_create(path)
        path.chmod(0o640)
        with pytest.raises(MasterKeyError, match="chmod 600"):
            MasterKeys.load_or_create(path)

    def test_survive_their_text_form(self, tmp_path):
        """Written and read back, in lines or with commas, they are the same and in the same order."""
        keys = MASTER.with_new().with_new()
        assert MasterKeys.parse(keys.text()) == keys
        assert MasterKeys.parse(keys.text().replace("\n", ",")) == keys
        path = tmp_path / "k"
        keys.save(path)
        assert MasterKeys.load_or_create(path) == keys
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("text", ["", "a", "a:", "a:AAAA", ":" + "A" * 43 + "=", "a b:!", "ä:" + "A" * 43 + "="])
    def test_are_refused_when_malformed(self, text):
        """No key, a short key, no id, or an id with other characters."""
        with pytest.raises(MasterKeyError):
            MasterKeys.parse(text)

    def test_are_refused_when_an_id_stands_twice(self):
        """Two keys under one id would make some rows unreadable."""
        with pytest.raises(MasterKeyError, match="once"):
            MasterKeys.parse(MASTER.text() + MASTER.text())

    def test_need_a_current_one(self):
        """The current key is one of the keys."""
        with pytest.raises(MasterKeyError):
            MasterKeys("x", MASTER.keys)

    def test_never_show_themselves(self):
        """Neither the representation nor an error holds key material."""
        assert str(next(iter(MASTER.keys.values()))) not in repr(MASTER)

    def test_bind_a_wrapped_key_to_its_holder(self):
        """A data key unwraps for its own holder only."""
        wrapped = MASTER.wrap(UUID(int=1), b"k" * 32)
        assert MASTER.unwrap(UUID(int=1), wrapped, MASTER.current_id) == b"k" * 32
        with pytest.raises(SealBrokenError):
            MASTER.unwrap(UUID(int=2), wrapped, MASTER.current_id)
