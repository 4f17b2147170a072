"""Laws that hold for any catalog, text and identifier."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.catalog.catalog import Catalog
from domain.catalog.timeline import CatalogVersion, version_in_force
from domain.identifiers import NAMESPACE, case_id, case_number
from domain.refusals import RefusalCode, Refused
from domain.text import NAME_LIMIT, clean, clean_optional
from domain.values import EntryChangeKind
from tests.domain.catalogs import ADMINISTRATOR, NOTICE, SECOND_ADMINISTRATOR, add, published, revise, terms, withdraw
from tests.domain.scenario import NOON, act, replay

DAYS = st.dates(date(2023, 10, 25), date(2024, 3, 1))
INSTANTS = st.datetimes(datetime(2023, 10, 25), datetime(2024, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
NUMBERS = st.integers(1, 12)
CHANGES = st.one_of(
    NUMBERS.map(add), st.builds(revise, NUMBERS, st.sampled_from(["One", "Two"])), NUMBERS.map(withdraw)
)
AMENDMENTS = st.lists(st.tuples(st.lists(CHANGES, min_size=1, max_size=4), st.integers(0, 60)), max_size=8)


class TestVersions:
    """A catalog after any sequence of amendments."""

    @given(st.lists(st.tuples(DAYS, INSTANTS), max_size=8), DAYS, st.one_of(st.none(), INSTANTS))
    def test_the_version_in_force_is_the_naive_folds(self, versions, on, known_at):
        """Going through the versions in order, each known and effective one replaces the one before."""
        built = [
            CatalogVersion(number, NOTICE, day, at, False, (), (), 0) for number, (day, at) in enumerate(versions, 1)
        ]
        force = None
        for version in built:
            if (known_at is None or not version.issued_at > known_at) and not version.effective_from > on:
                force = version.number
        assert version_in_force(built, on, known_at) == force

    @settings(deadline=None)
    @given(AMENDMENTS)
    def test_entries_are_the_naive_folds(self, amendments):
        """Whatever is tried, each version holds what its changes leave, no number comes back, and replay agrees."""
        events = [published().at(published_id(), 1, Catalog.TOPIC)]
        catalog = replay(events)
        expected = [catalog.state.entries_at(1)]
        given_away, gone = set(catalog.state.entries_at(1)), set()
        for changes, delay in amendments:
            today = NOON + timedelta(days=len(events))
            what = terms(*changes, base=len(expected), on=today.date() + timedelta(days=delay))
            try:
                identifier = catalog.propose(act(ADMINISTRATOR, today), what)
                catalog.issue(act(SECOND_ADMINISTRATOR, today), identifier)
            except Refused:
                assert not catalog.pending_events
                continue
            events += catalog.collect_events()
            entries = dict(expected[-1])
            for change in changes:
                match change.kind:
                    case EntryChangeKind.ADDED:
                        assert change.number not in given_away
                        given_away.add(change.number)
                        entries[change.number] = change.entry
                    case EntryChangeKind.REVISED:
                        assert change.number not in gone
                        entries[change.number] = change.entry
                    case EntryChangeKind.WITHDRAWN:
                        gone.add(change.number)
                        del entries[change.number]
            expected.append(entries)
        assert [catalog.state.entries_at(number) for number in range(1, len(expected) + 1)] == expected
        assert catalog == replay(events)


def published_id():
    """A stream for the laws' catalog."""
    return uuid5(NAMESPACE, "laws")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


class TestText:
    """Text is normalised once, at the border."""

    @settings(max_examples=400)
    @given(st.one_of(TEXTS, TEXTS.map(lambda text: f" \t{text}\n\u3000")), st.integers(0, 80))
    def test_cleaning_twice_changes_nothing(self, text, limit):
        """What was accepted is in NFC, without outer blanks or runs of them, within its limit, and stays as it is."""
        try:
            cleaned = clean(text, "name", limit=limit, required=False)
        except Refused:
            return
        assert clean(cleaned, "name", limit=limit, required=False) == cleaned
        assert len(cleaned) <= limit
        assert cleaned == unicodedata.normalize("NFC", " ".join(cleaned.split()))

    @pytest.mark.parametrize(
        ("text", "cleaned"),
        [
            ("王小明", "王小明"),
            ("  Müller\t\nGmbH  ", "Müller GmbH"),
            ("Mu\u0308ller", "Müller"),
            ("x" * NAME_LIMIT, "x" * NAME_LIMIT),
            ("全角\u3000空白", "全角 空白"),
        ],
    )
    def test_one_spelling_of_one_thing(self, text, cleaned):
        """White space folds to one blank, and composed and decomposed letters become one."""
        assert clean(text, "name") == cleaned

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " \n ",
            "x" * (NAME_LIMIT + 1),
            "x" * 10_000_000,
            "\u0958" * NAME_LIMIT,
            "a\x00b",
            "a\x07",
            "\ud800",
            "\ue000",
            "\U000e0fff",
            "abc\u202edef",
            "\ufeffabc",
            "a\u2066b",
        ],
        ids=lambda text: ascii(text[:12]),
    )
    def test_what_no_text_needs_is_refused(self, text):
        """Empty, overlong (also once normalised), control, surrogate, private, unassigned, direction-changing."""
        with pytest.raises(Refused) as refused:
            clean(text, "name")
        assert (refused.value.code, refused.value.field) == (RefusalCode.INVALID_INPUT, "name")
        assert len(refused.value.message) < 200

    @pytest.mark.parametrize(("text", "cleaned"), [(None, None), ("", None), (" \t", None), (" a ", "a")])
    def test_nothing_and_blank_are_the_same(self, text, cleaned):
        """Where a text is optional, a blank one is none."""
        assert clean_optional(text, "grade") == cleaned


class TestIdentifiers:
    """What streams and cases are called."""

    @given(st.uuids(), st.dates(date(2023, 11, 1), date(2999, 12, 31)))
    def test_a_case_number_can_be_quoted(self, case, day):
        """ZJ, the year, and two groups of five without I, L, O and U; the same each time it is derived."""
        number = case_number(case, day, "ZJ")
        assert re.fullmatch(rf"ZJ{day.year}(-[0-9A-HJKMNP-TV-Z]{{5}}){{2}}", number)
        assert number == case_number(UUID(str(case)), day, "ZJ")

    def test_case_numbers_do_not_collide(self):
        """A hundred thousand cases of one year have as many numbers."""
        day = date(2026, 1, 1)
        assert len({case_number(case_id("somebody", str(key)), day, "ZJ") for key in range(100_000)}) == 100_000

    def test_a_retry_meets_its_own_case(self):
        """Subject and key together name the case: neither alone does."""
        assert case_id("a", "k") == case_id("a", "k")
        assert len({case_id("a", "k"), case_id("a", "l"), case_id("b", "k")}) == 3
