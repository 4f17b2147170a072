"""What is remembered of readers, so that nobody sees an older position than before."""

from __future__ import annotations

from application.reading import Readers


def test_a_reader_of_whom_nothing_is_known_is_answered_by_the_primary() -> None:
    """What another process told them cannot be newer than that; and the registry itself never reads elsewhere."""
    readers = Readers()
    readers.looked(10, 0)
    assert readers.floor("somebody") is None
    readers.saw(None, 7)
    assert readers.floor(None) is None


def test_after_the_primary_a_follower_answers_what_a_later_look_found() -> None:
    """The look that was under way as the primary answered tells nothing of it; the next one does."""
    readers = Readers()
    readers.looked(10, 0)
    readers.answered_by_primary("somebody")
    readers.looked(11, 0)
    assert readers.floor("somebody") is None
    readers.looked(12, 0)
    assert readers.floor("somebody") == 12
    readers.looked(20, 0)
    assert readers.floor("somebody") == 12


def test_what_a_reader_saw_only_grows() -> None:
    """An older answer takes nothing back, and a barrier holds for everybody."""
    readers = Readers()
    readers.saw("somebody", 9)
    readers.saw("somebody", 5)
    assert readers.floor("somebody") == 9
    readers.looked(40, 30)
    assert readers.floor("somebody") == 30
    readers.looked(40, 20)
    assert readers.floor("somebody") == 30


def test_of_many_readers_those_of_long_ago_are_forgotten() -> None:
    """Memory is bounded; whoever is forgotten is answered by the primary again, and so is everybody after a rewind."""
    readers = Readers(most=2)
    for number in range(3):
        readers.saw(f"reader {number}", number)
    assert [readers.floor(f"reader {number}") for number in range(3)] == [None, 1, 2]
    readers.forget()
    assert readers.floor("reader 2") is None
