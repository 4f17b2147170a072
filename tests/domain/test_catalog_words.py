"""The vocabulary of a catalog: content of its versions, amended like aliases, and read by matching as the version has it."""

from __future__ import annotations

import pytest

from catalog.vocabulary import load_vocabulary
from domain.catalog.amendment import WordChange
from domain.catalog.catalog import Catalog
from domain.matching import Matcher, Vocabulary
from domain.refusals import RefusalCode
from domain.values import AliasChangeKind, Word, WordKind
from tests.domain.cases import GRADED, PLAIN
from tests.domain.catalogs import AWS, CODE, PRO, given, issued, proposed, terms, word
from tests.domain.scenario import ADMINISTRATOR, act

ADDED, WITHDRAWN = AliasChangeKind.ADDED, AliasChangeKind.WITHDRAWN
GURU = Word(kind=WordKind.VARIANT, text="guru", meaning="professional", ground="house usage")


FIRST = terms(word_changes=(word(ADDED),))
PAST = (proposed(2, FIRST), issued(2, 2, FIRST))


def against(*changes):
    """What stands against an amendment of a catalog that knows one word."""
    catalog = given(*PAST).when(lambda _: None).then()
    found = list(Catalog.against(catalog, act(ADMINISTRATOR), terms(base=2, word_changes=changes)))
    assert all(refusal.message.endswith(".") and refusal.field == "wordChanges" for refusal in found)
    return [refusal.code for refusal in found]


def test_words_come_and_go_with_a_version():
    """Each version keeps its own words for ever, and a version that never was has none."""
    change = terms(base=2, word_changes=(word(ADDED, GURU), word(WITHDRAWN)))
    catalog = given(*PAST, proposed(4, change), issued(4, 3, change)).when(lambda _: None).then()
    assert [catalog.vocabulary_at(number) for number in (1, 2, 3)] == [(), (PRO,), (GURU,)]
    with pytest.raises(KeyError):
        catalog.vocabulary_at(4)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ([word(ADDED, GURU)], []),
        ([word(WITHDRAWN)], []),
        ([word(WITHDRAWN), word(ADDED)], []),
        ([word(ADDED)], [RefusalCode.CHANGE_INVALID]),
        ([word(WITHDRAWN, GURU)], [RefusalCode.CHANGE_INVALID]),
        ([word(ADDED, GURU), word(ADDED, GURU)], [RefusalCode.DUPLICATE_CHANGE]),
        ([word(ADDED, GURU.model_copy(update={"text": "Guru"}))], [RefusalCode.CHANGE_INVALID]),
        ([word(ADDED, GURU.model_copy(update={"scope": "somewhere"}))], [RefusalCode.CHANGE_INVALID]),
        ([word(ADDED, GURU.model_copy(update={"kind": WordKind.BRAND}))], [RefusalCode.CHANGE_INVALID]),
        ([word(ADDED, GURU.model_copy(update={"kind": WordKind.CODE, "text": "a b"}))], [RefusalCode.CHANGE_INVALID]),
    ],
)
def test_what_stands_against_a_change_of_words(changes: list[WordChange], codes: list[RefusalCode]):
    """A word is added once and as matching reads it; one to withdraw is there."""
    assert against(*changes) == codes


def test_a_replay_reads_the_words_of_its_version():
    """The same text under the same rule set means what it meant: the words are the version's, not today's."""
    entry = PLAIN.model_copy(
        update={"qualification_name": "Example Cloud Professional", "issuing_body": "亚马逊（Amazon）"}
    )
    amazon = AWS.model_copy(update={"text": "Amazon"})
    before, after = ((PRO,), (PRO, GURU))
    text = "Example Cloud Guru"
    found = [
        Matcher([entry, GRADED], [amazon], Vocabulary(words, CODE)).match(text, "Amazon") for words in (before, after)
    ]
    assert [match.entry.number if match.entry else None for match in found] == [None, 1]
    assert {match.rule_set for match in found} == {Matcher.rule_set}


def test_the_short_forms_of_one_field_do_not_meet_those_of_another():
    """In a further catalog DC, SA, SP, BI and ML are that field's own, though it carries the words of the first along."""
    names = ("Doctor of Chiropractic DC", "SP Speech Pathologist", "BI Birth Instructor", "ML Medical Librarian")
    entries = [
        PLAIN.model_copy(
            update={
                "number": n,
                "qualification_name": name,
                "translated_name": f"示例医学{n}",
                "issuing_body": "Amazon",
            }
        )
        for n, name in enumerate(names, start=1)
    ]
    shipped = load_vocabulary()
    matcher = Matcher(entries, [AWS.model_copy(update={"text": "Amazon"})], Vocabulary(shipped, "health"))
    for entry in entries:
        assert matcher.match(entry.qualification_name, "Amazon").entry == entry
    for text in (
        "Doctor of Chiropractic data center",
        "business intelligence Birth Instructor",
        "machine learning Medical Librarian",
    ):
        assert matcher.match(text, "Amazon").entry is None
