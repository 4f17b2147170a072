"""Saves commit together, and each gets its own outcome."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from infrastructure.postgres.group_commit import GroupCommit


def events(stream: UUID, *versions: int) -> list[StoredEvent]:
    return [StoredEvent(stream, version, "topic", b"state") for version in versions]


class GatedStore:
    """Numbers events as a store would; the first group waits until the gate opens, so that others queue behind it."""

    def __init__(self, most_events=2000):
        self.groups = []
        self.gate = threading.Event()
        self.fails_with = None
        self.begun = threading.Event()
        self.commits = GroupCommit(self.commit, most_events=most_events)
        self.position = 0

    def commit(self, group):
        self.groups.append([save.events for save in group])
        if len(self.groups) == 1:
            self.begun.set()
            assert self.gate.wait(10)
        if self.fails_with is not None:
            raise self.fails_with
        for save in group:
            save.positions = [self.position + number for number in range(1, len(save.events) + 1)]
            self.position += len(save.events)

    def run(self, saves):
        """Submit the first save, then the others while it commits; answers each one's outcome."""
        with ThreadPoolExecutor(len(saves)) as threads:
            futures = [threads.submit(self.commits.submit, saves[0])]
            assert self.begun.wait(10)
            for number, save in enumerate(saves[1:], 1):
                futures.append(threads.submit(self.commits.submit, save))
                while len(self.commits._waiting) < number:
                    threading.Event().wait(0.001)
            self.gate.set()
            return [future.exception(10) or future.result() for future in futures]


def test_those_who_wait_commit_together():
    """While one commits others queue, and the next commit takes all of them, in their order."""
    store = GatedStore()
    saves = [events(uuid4(), 1, 2) for _ in range(5)]
    assert store.run(saves) == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert store.groups == [saves[:1], saves[1:]]


def test_two_claims_on_one_place_never_share_a_commit():
    """Of two saves for the same version the second waits for the first one's outcome."""
    store = GatedStore()
    stream = uuid4()
    saves = [events(uuid4(), 1), events(stream, 1), events(stream, 1), events(uuid4(), 1)]
    store.run(saves)
    assert store.groups == [[saves[0]], [saves[1], saves[3]], [saves[2]]]


def test_a_group_is_bounded():
    """A long queue is several commits; a save that is larger than a group is one of its own."""
    store = GatedStore(most_events=3)
    saves = [events(uuid4(), 1), events(uuid4(), 1, 2, 3, 4, 5), events(uuid4(), 1, 2), events(uuid4(), 1)]
    store.run(saves)
    assert store.groups == [[saves[0]], [saves[1]], [saves[2], saves[3]]]


@pytest.mark.parametrize("error", [OperationalError("connection lost"), RuntimeError("anything")])
def test_a_failed_commit_is_everybodys_error(error):
    """When the commit fails nobody is acknowledged, nobody waits for ever, and the next save goes on."""
    store = GatedStore()
    store.fails_with = error
    outcomes = store.run([events(uuid4(), 1) for _ in range(4)])
    assert [type(outcome) for outcome in outcomes] == [type(error)] * 4
    store.fails_with = None
    assert store.commits.submit(events(uuid4(), 1)) == [1]


def test_an_interrupted_leader_leaves_nobody_waiting():
    """An interrupt in the committing thread is an unknown outcome for its group; the others are led on."""
    store = GatedStore()
    interrupted = []

    def commit(group):
        if not interrupted:
            interrupted.append(True)
            store.begun.set()
            store.gate.wait(10)
            raise KeyboardInterrupt
        for save in group:
            save.positions = [1]

    store.commits = GroupCommit(commit)
    first, second = store.run([events(uuid4(), 1), events(uuid4(), 1)])
    assert isinstance(first, KeyboardInterrupt)
    assert second == [1]


def test_a_save_that_contradicts_itself_is_refused():
    """Two events of one save for the same version: an integrity error, before anything is sent."""
    store = GatedStore()
    with pytest.raises(IntegrityError):
        store.commits.submit(events(uuid4(), 1) * 2)
    assert store.groups == []
