"""What the recorder promises beyond the library's cases: order, isolation, and no false acknowledgement."""

import contextlib
import threading
import time
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest
from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Tracking,
)

from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.embedded import EmbeddedPostgres
from infrastructure.postgres.group_commit import Save
from infrastructure.postgres.listener import EventListener
from infrastructure.postgres.migrations import migrate
from infrastructure.postgres.recorder import EventRecorder


def events(stream: UUID, *versions: int, state: bytes = b"state") -> list[StoredEvent]:
    return [StoredEvent(stream, version, "topic", state) for version in versions]


@pytest.fixture
def recorder(database):
    with RegistryDatastore(database.app_url, pool_size=4) as datastore:
        yield EventRecorder(datastore)


def test_a_conflicting_save_fails_alone(recorder):
    """In one group a save whose version is taken fails with nothing of it stored; its neighbours are stored whole."""
    taken, first, last = uuid4(), uuid4(), uuid4()
    recorder.insert_events(events(taken, 1, 2))
    group = [Save(events(first, 1, 2)), Save(events(uuid4(), 1) + events(taken, 2, 3)), Save(events(last, 1))]
    recorder._commit_group(group)
    assert (group[0].positions, group[2].positions) == ([3, 4], [5])
    assert isinstance(group[1].error, IntegrityError)
    assert [(event.stream_id, event.version) for event in recorder.tail(2, 10)] == [(first, 1), (first, 2), (last, 1)]


@pytest.mark.parametrize(
    "bad",
    [
        StoredEvent(uuid4(), 2**40, "topic", b""),
        StoredEvent(uuid4(), 1, "zero \0 byte", b""),
        StoredEvent(uuid4(), -1, "topic", b""),
    ],
)
def test_a_malformed_save_fails_alone(recorder, bad):
    """What the driver or the server can't take is its own saver's error, not the group's."""
    good = [Save(events(uuid4(), 1)), Save(events(uuid4(), 1))]
    group = [good[0], Save([bad]), good[1]]
    recorder._commit_group(group)
    assert group[1].positions is None
    assert isinstance(group[1].error, (DataError, IntegrityError))
    stored = recorder.tail(0, 10)
    assert [save.positions for save in good] == [[event.position] for event in stored]


def test_positions_go_with_their_events(recorder):
    """The positions of a save are those of its events, in the save's own order."""
    mixed = [*events(uuid4(), 3, 1), *events(uuid4(), 7), *events(uuid4(), 2)]
    positions = recorder.insert_events(mixed)
    stored = {event.position: (event.stream_id, event.version) for event in recorder.tail(0, 10)}
    assert [stored[position] for position in positions] == [(e.originator_id, e.originator_version) for e in mixed]


def test_what_would_not_be_stored_is_refused(recorder):
    """A save with tracking is refused rather than stored without it."""
    with pytest.raises(NotSupportedError):
        recorder.insert_events(events(uuid4(), 1), tracking=Tracking("other", 1))


def test_a_tailing_reader_never_skips_an_event(database):  # noqa: C901 - its writers are functions of their own
    """Eight writers through two recorders, conflicts included, and raw inserts beside them: a reader misses nothing."""
    shared = [uuid4() for _ in range(4)]
    acknowledged: list[list[int]] = []
    refused: list[int] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def write(recorder: EventRecorder, number: int) -> None:
        version = 0
        try:
            while not stop.is_set():
                version += 1
                save = events(uuid4(), *range(1, 2 + version % 3)) + events(shared[(number + version) % 4], version)
                try:
                    acknowledged.append(list(recorder.insert_events(save)))
                except IntegrityError:
                    refused.append(1)
        except Exception as error:  # noqa: BLE001 - shown by the test's own thread
            failures.append(error)

    def insert_slowly() -> None:
        with psycopg.connect(database.app_url) as connection:
            while not stop.is_set():
                connection.execute(
                    "INSERT INTO registry.events (originator_id, originator_version, topic, state)"
                    " VALUES (gen_random_uuid(), 1, 'slow', '')"
                )
                time.sleep(0.02)  # a position is drawn and its transaction goes on for a while
                connection.commit()
                time.sleep(0.05)

    with RegistryDatastore(database.app_url) as one, RegistryDatastore(database.app_url) as two:
        recorders = [EventRecorder(one), EventRecorder(two)]
        threads = [threading.Thread(target=write, args=(recorders[n % 2], n)) for n in range(8)]
        threads.append(threading.Thread(target=insert_slowly))
        for thread in threads:
            thread.start()
        seen: list[int] = []
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            seen += [event.position for event in recorders[0].tail(seen[-1] if seen else 0, 50)]
        stop.set()
        for thread in threads:
            thread.join()
        while more := recorders[0].tail(seen[-1], 1000):
            seen += [event.position for event in more]
        with one.get_connection() as connection:
            stored = [row["position"] for row in connection.execute("SELECT position FROM registry.events ORDER BY 1")]
    assert failures == []
    assert refused
    assert seen == stored
    assert len(seen) > 100
    assert {position for positions in acknowledged for position in positions} <= set(seen)


def test_a_lost_connection_is_everybodys_error(recorder, database):
    """The server ends the committing connection: the saver gets an error, the next save works, nothing is doubled."""
    with psycopg.connect(database.app_url) as blocker:
        blocker.execute("SELECT pg_advisory_xact_lock(7310573000000000001)")
        outcomes: list[BaseException | None] = []

        def save() -> None:
            try:
                recorder.insert_events(events(uuid4(), 1))
                outcomes.append(None)
            except (OperationalError, InterfaceError) as error:
                outcomes.append(error)

        threads = [threading.Thread(target=save) for _ in range(4)]
        for thread in threads:
            thread.start()
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            while len(outcomes) < 1:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event = 'advisory' AND datname = current_database()"
                )
                time.sleep(0.02)
        blocker.rollback()
        for thread in threads:
            thread.join()
    assert recorder.insert_events(events(uuid4(), 1))
    acknowledged = outcomes.count(None)
    assert acknowledged < 4
    assert len(recorder.tail(0, 100)) == acknowledged + 1


def test_the_listener_hears_of_every_commit(recorder, database):
    """A wait ends when events are committed, and times out when none are."""
    with EventListener(database.app_url) as listener:
        assert not listener.wait(0.01)
        recorder.insert_events(events(uuid4(), 1))
        assert listener.wait(5)
        assert not listener.wait(0.01)
        writer = threading.Timer(0.1, recorder.insert_events, [events(uuid4(), 1)])
        writer.start()
        begun = time.monotonic()
        assert listener.wait(10)
        assert time.monotonic() - begun < 9
        writer.join()


def test_the_listener_comes_back(recorder, database):
    """A listener whose connection was ended connects again, and counts that as news."""
    with EventListener(database.app_url) as listener:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'", [])
        assert listener.wait(10)
        recorder.insert_events(events(uuid4(), 1))
        assert listener.wait(10)


def has_been_replaced(server: EmbeddedPostgres, killed: int) -> bool:
    deadline = time.monotonic() + 30
    while server.postmaster() in (None, killed):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_kill_9_of_the_server_loses_and_doubles_nothing(data_dir):  # noqa: C901 - the same
    """The server is killed while four threads write: whatever was acknowledged is there, once, and only what was sent."""
    sent: dict[UUID, int] = {}
    acknowledged: list[tuple[UUID, int]] = []
    stop = threading.Event()

    def write(recorder: EventRecorder) -> None:
        while not stop.is_set():
            stream = uuid4()
            size = 1 + stream.int % 3
            sent[stream] = size
            try:
                recorder.insert_events(events(stream, *range(size)))
            except (OperationalError, InterfaceError):
                time.sleep(0.05)
            else:
                acknowledged.append((stream, size))

    with EmbeddedPostgres(data_dir) as server:
        migrate(server.owner_url)
        with RegistryDatastore(server.app_url, patience=2.0) as datastore:
            recorder = EventRecorder(datastore)
            threads = [threading.Thread(target=write, args=(recorder,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for _ in range(2):
                time.sleep(1.3)
                before = len(acknowledged)
                assert before > 0
                killed = server.postmaster()
                # The children first: on their own they would finish what they are at, and tell.
                for process in [*psutil.Process(killed).children(), psutil.Process(killed)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                deadline = time.monotonic() + 30
                assert has_been_replaced(server, killed)
                before = len(acknowledged)
                while len(acknowledged) < before + 50 and time.monotonic() < deadline:
                    time.sleep(0.05)
            stop.set()
            for thread in threads:
                thread.join()
            stored: dict[UUID, int] = {}
            after = 0
            while found := recorder.tail(after, 10_000):
                after = found[-1].position
                for event in found:
                    stored[event.stream_id] = stored.get(event.stream_id, 0) + 1
    for stream, size in acknowledged:
        assert stored[stream] == size
    for stream, count in stored.items():
        assert count == sent[stream]
