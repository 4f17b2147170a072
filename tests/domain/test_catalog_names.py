"""An entry's own name leads to it in the version that an amendment makes, or its signers know why not."""

import pytest

from catalog.vocabulary import official_vocabulary
from domain.catalog.amendment import AliasChange, EntryChange, aliases_after, entries_after
from domain.catalog.names import NoteCode, ResultingNames, is_readable, readable_entries, unreadable_names
from domain.matching import Matcher
from domain.refusals import RefusalCode
from domain.values import Alias, AliasKind
from tests.domain.cases import GRADED, PLAIN
from tests.domain.catalogs import ADDED, REVISED, WITHDRAWN, terms

WORDS = official_vocabulary()
WELDER = PLAIN.model_copy(
    update={"number": 2, "qualification_name": "Example Chartered Welder", "translated_name": "示例特许焊工"}
)


def alias(text, *numbers, issuer=None, ground="g"):
    kind = AliasKind.ISSUING_BODY if issuer else AliasKind.QUALIFICATION
    return Alias(kind=kind, text=text, numbers=numbers, issuer=issuer, ground=ground)


BODIES = (alias("Example Institute", issuer="EI"), alias("厚生労働省", issuer="MHLW"))
UNLISTED, TRANSLATED = alias("Chartered Welder (Example)"), alias("示例特许 焊工")
SHORT = alias("Example Welder")
ENTRIES = {1: PLAIN, 88: GRADED}


def comes(*aliases):
    return tuple(AliasChange(kind=ADDED, alias=each) for each in aliases)


def goes(*aliases):
    return tuple(AliasChange(kind=WITHDRAWN, alias=each) for each in aliases)


def added(entry=WELDER):
    return EntryChange(kind=ADDED, number=entry.number, entry=entry)


def names(*changes, alias_changes=(), aliases=(), entries=None):
    """The names of a version that these changes make."""
    what = terms(*changes, alias_changes=alias_changes)
    return ResultingNames(entries or ENTRIES, (*BODIES, *aliases), WORDS, what)


def codes(found):
    return [refusal.code for refusal in found.refusals], [note.code for note in found.notes]


def test_an_entry_of_a_new_name_is_matched_by_it():
    """Nothing to say: neither a refusal nor a note."""
    assert codes(names(added())) == ([], [])


@pytest.mark.parametrize("unlisted", [UNLISTED, TRANSLATED, alias("example  chartered WELDER")])
def test_an_entry_is_not_added_under_a_name_that_is_known_as_unlisted(unlisted):
    """Whichever of its names is meant and however the alias spells it; the refusal names alias and way out."""
    [refusal] = names(added(), aliases=(unlisted,)).refusals
    assert (refusal.code, refusal.field) == (RefusalCode.NAME_UNLISTED, "changes")
    assert f"withdraw “{unlisted.text}” in the same amendment." in refusal.message
    assert "Entry 2" in refusal.message


def test_withdrawing_the_alias_in_the_same_amendment_is_the_way_out():
    """All that hold the entry up are named at once, so one more try is enough."""
    held = names(added(), aliases=(UNLISTED, TRANSLATED))
    [refusal] = held.refusals
    assert UNLISTED.text in refusal.message
    assert TRANSLATED.text in refusal.message
    freed = names(added(), aliases=(UNLISTED, TRANSLATED), alias_changes=goes(UNLISTED, TRANSLATED))
    assert codes(freed) == ([], [])
    half = names(added(), aliases=(UNLISTED, TRANSLATED), alias_changes=goes(UNLISTED))
    assert UNLISTED.text not in half.refusals[0].message


def test_it_is_decided_by_what_the_matcher_reads():
    """An entry is refused exactly where the matcher of the version after would not lead its name to it for the alias."""
    for unlisted in (UNLISTED, TRANSLATED, SHORT, alias("Example Chartered Boilermaker"), alias("Welder")):
        what = terms(added())
        matcher = Matcher(
            list(entries_after(ENTRIES, what.changes).values()),
            aliases_after((*BODIES, unlisted), what.alias_changes),
            WORDS,
        )
        leads = all(
            (match := matcher.match(text, WELDER.issuing_body)).entry and match.entry.number == 2
            for text in (WELDER.qualification_name, WELDER.translated_name)
        )
        assert (names(added(), aliases=(unlisted,)).refusals == ()) == leads


def test_an_entry_that_is_renamed_is_held_to_it_too():
    """By a new name, a new translation or a new body; a change of awards asks nothing."""
    renamed = EntryChange(kind=REVISED, number=1, entry=WELDER.model_copy(update={"number": 1}))
    assert [each.code for each in names(renamed, aliases=(UNLISTED,)).refusals] == [RefusalCode.NAME_UNLISTED]
    elsewhere = EntryChange(kind=REVISED, number=1, entry=PLAIN.model_copy(update={"field": "装备制造"}))
    assert codes(names(elsewhere, aliases=(alias(PLAIN.qualification_name),))) == ([], [])


def test_an_alias_of_withdrawn_entries_says_so_too():
    """What was the name of an entry that is gone is unlisted since; the entry comes back under a new number."""
    gone = alias("Example Chartered Welder", 88)
    again = (EntryChange(kind=WITHDRAWN, number=88), added())
    assert [each.code for each in names(*again, aliases=(gone,)).refusals] == [RefusalCode.NAME_UNLISTED]
    assert codes(names(*again, aliases=(gone,), alias_changes=goes(gone))) == ([], [])


def test_an_alias_and_an_entry_of_one_amendment_contradict_one_another():
    """The way out is to leave the alias out, as it is not there to be withdrawn."""
    [refusal] = names(added(), alias_changes=comes(UNLISTED)).refusals
    assert refusal.message.endswith(f"leave “{UNLISTED.text}” out of the amendment.")


def test_two_entries_of_one_name_are_noted_and_not_refused():
    """A reviewer then decides, which may be meant: the note says which entries."""
    twin = WELDER.model_copy(update={"number": 3, "translated_name": "另一示例特许焊工"})
    found = names(added(twin), entries=ENTRIES | {2: WELDER})
    assert codes(found) == ([], [NoteCode.NAME_SHARED])
    assert "entry 2" in found.notes[0].message


def test_an_alias_that_means_another_entry_is_noted():
    """The name means both from now on."""
    found = names(added(), aliases=(alias("Example Chartered Welder", 1),))
    assert codes(found) == ([], [NoteCode.NAME_SHARED])


def test_a_name_that_is_not_matched_for_another_reason_is_noted():
    """A grade within the name of an entry without grades; the note gives the matcher's reason."""
    graded = WELDER.model_copy(update={"qualification_name": "Example Chartered Welder, Grade 3"})
    found = names(added(graded))
    assert codes(found) == ([], [NoteCode.NAME_NOT_MATCHED])
    assert "3" in found.notes[0].message


def test_aliases_that_stay_unlisted_are_noted():
    """A misspelling that would mean the entry stays a question until its alias goes too."""
    misspelt = alias("Example Chartered Weldor")
    found = names(added(), aliases=(UNLISTED, misspelt), alias_changes=goes(UNLISTED))
    assert codes(found) == ([], [NoteCode.ALIASES_LEFT])
    assert misspelt.text in found.notes[0].message


def test_an_alias_that_takes_its_name_from_an_entry_is_noted():
    """A name may be left to reviewers on purpose; that an entry is no longer matched by it is told before."""
    found = names(alias_changes=comes(alias(PLAIN.qualification_name)))
    assert codes(found) == ([], [NoteCode.NAME_NOT_MATCHED])
    assert "Entry 1 " in found.notes[0].message
    taken = names(alias_changes=comes(alias(PLAIN.qualification_name, 2)), entries=ENTRIES | {2: WELDER})
    assert codes(taken) == ([], [NoteCode.NAME_SHARED])
    namesake = names(alias_changes=comes(alias(PLAIN.qualification_name, 88)))
    assert codes(namesake) == ([], []), "another body's: the issuer decides"


def test_withdrawing_the_name_of_a_body_tells_whose_entries_it_leaves():
    """Several entries in one note."""
    found = names(alias_changes=goes(BODIES[0]), entries=ENTRIES | {2: WELDER})
    assert codes(found) == ([], [NoteCode.NAME_NOT_MATCHED])
    assert "Entries 1, 2 are" in found.notes[0].message


def test_a_body_s_alias_under_a_key_of_no_entry_is_noted():
    """Such a name only speaks against entries; a slip in the key shows before it is signed."""
    found = names(alias_changes=comes(alias("Exemplary Institute", issuer="EII")))
    assert codes(found) == ([], [NoteCode.ISSUER_WITHOUT_ENTRY])
    assert codes(names(alias_changes=comes(alias("Exemplary Institute", issuer="EI")))) == ([], [])


@pytest.mark.parametrize("text", ["—", "…", "“”", "Москва"])
@pytest.mark.parametrize("issuer", [None, "EI", "DIHK"])
def test_what_matching_cannot_read_is_no_alias(text, issuer):
    """Such an alias would match nothing, and is refused before any matcher meets it."""
    unread = alias(text, issuer=issuer)
    assert not is_readable(unread, WORDS)
    found = names(alias_changes=comes(unread))
    assert codes(found) == ([RefusalCode.NAME_UNREADABLE], [])
    assert found.refusals[0].field == "aliasChanges"


@pytest.mark.parametrize("text", ["—", "Example Institute"])
def test_what_matching_cannot_read_is_no_name_of_an_entry(text):
    """Neither signs alone nor the body's name alone; a translation that is read is enough."""
    blank = WELDER.model_copy(update={"qualification_name": text, "translated_name": text})
    assert codes(names(added(blank))) == ([RefusalCode.NAME_UNREADABLE], [])
    assert [each.code for each in unreadable_names([blank], (), readable_entries([blank], BODIES, WORDS), WORDS)] == [
        RefusalCode.NAME_UNREADABLE
    ]
    half = WELDER.model_copy(update={"qualification_name": text})
    assert names(added(half)).refusals == ()


def test_changes_that_make_no_sense_are_left_to_other_rules():
    """Content under another number, or none at all: the names of what is sound are read all the same."""
    senseless = (
        EntryChange(kind=ADDED, number=7, entry=WELDER),
        EntryChange(kind=ADDED, number=8),
        EntryChange(kind=WITHDRAWN, number=9),
        EntryChange(kind=REVISED, number=1, entry=PLAIN.model_copy(update={"qualification_name": ""})),
    )
    assert codes(names(*senseless, alias_changes=comes(alias("")))) == ([], [])
