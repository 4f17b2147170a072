"""The rules of the projection ``registry``, on rows in memory."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings

from application.folding import alias_change_view, case_after
from application.projections.content import rows_of_issue
from application.projections.projection import RowsOutOfStep, UnknownEvent
from application.projections.registry import REGISTRY, RegistryProjector, keys_needed
from application.projections.shapes import line_writer, view_columns
from application.projections.states import CASE_TOPICS
from application.projections.tables import (
    AMENDMENTS,
    CASES,
    CATALOG_ALIASES,
    CATALOG_ENTRIES,
    CATALOG_VERSIONS,
    CATALOGS,
    INTEGRITY_RECORDS,
    TABLES,
    TITLES,
)
from application.views import EntryView, VersionView
from domain.base import evolve
from domain.case import events as case_events
from domain.case import title_events
from domain.catalog.amendment import AmendmentTerms, EntryChange
from domain.catalog.timeline import Amendment, AmendmentIssued, CatalogPublished
from domain.streams import declared_event_classes
from domain.values import Alias, AliasChangeKind, EntryChangeKind, Notice, TitleStatus
from tests.histories import histories, history
from tests.projecting import Projecting

SOME_ACTS = 200


class MemoryRows:
    """Rows in dictionaries; what is got before it is put is noted, to be held against what was said to be needed."""

    def __init__(self):
        self.tables = defaultdict(dict)
        self.asked = set()
        self.put_since = set()
        self.there = frozenset()

    def get(self, table, key):
        if (table.name, key) not in self.put_since:
            self.asked.add((table.name, key))
        return self.tables[table.name].get(key)

    def put(self, table, view, *, fresh=False):
        assert not (fresh and (table.name, table.key_of(view)) in self.there)
        self.tables[table.name][table.key_of(view)] = view
        self.put_since.add((table.name, table.key_of(view)))

    def of(self, table):
        return list(self.tables[table.name].values())


def log_of(saves):
    """Events with their positions, which have gaps as real ones do."""
    return [(event, 3 * n) for n, event in enumerate(chain.from_iterable(saves), 1)]


def project(log, rows=None, projecting=None):
    return (projecting or Projecting(REGISTRY, log)).take_in(log, rows or MemoryRows())


ESCAPED = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
PARSED = {
    "uuid": UUID,
    "timestamptz": datetime.fromisoformat,
    "date": date.fromisoformat,
    "boolean": {"t": True, "f": False}.__getitem__,
    "integer": int,
    "bigint": int,
}


def as_copied(field, column):
    """What PostgreSQL's COPY takes a field of a line in its text format for."""
    if field == r"\N":
        assert column.nullable, column.name
        return None
    return PARSED.get(column.sql_type, str)(re.sub(r"\\.", lambda found: ESCAPED[found[0]], field))


def test_every_event_of_the_domain_has_a_rule():
    """A new event cannot be forgotten here, and no rule waits for an event that is gone."""
    topics = {kind.TOPIC for kind in declared_event_classes()}
    assert len(topics) > 20
    assert set(RegistryProjector.RULES) == topics


def test_the_histories_hold_every_event():
    """What the tests below say of histories, they say of every kind of event but those of holders, officers, claims and imports, which tests of their own tell."""
    seen = {event.TOPIC for seed in range(8) for event, _ in log_of(history(seed, SOME_ACTS))}
    apart = ("holder.", "officer.", "certificate-claim.", "entry-claim.", "decision-import.")
    assert {topic for topic in seen if not topic.startswith(apart)} == {
        topic for topic in RegistryProjector.RULES if not topic.startswith(apart)
    }


def test_an_event_without_a_rule_is_refused():
    """An event of a newer release stops the projection instead of passing unseen."""
    event = log_of(history(1, 1))[0][0]

    class Newer(type(event)):
        TOPIC = "catalog.newer"

    newer = Newer.model_construct(**{name: getattr(event, name) for name in type(event).model_fields})
    rows = MemoryRows()
    with pytest.raises(UnknownEvent, match=r"catalog\.newer"):
        Projecting(REGISTRY, []).take_in([(newer, 1)], rows)
    assert not any(rows.of(table) for table in TABLES)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_cases_and_titles_are_what_the_streams_say(saves):
    """Each case's row is the fold of its stream; exactly the cases that were approved once have a title."""
    log = log_of(saves)
    rows = project(log)
    streams = defaultdict(list)
    for event, position in log:
        if event.TOPIC.startswith("recognition-case."):
            streams[event.originator_id].append((event, position))
    assert {view.case_id: view for view in rows.of(CASES)} == {key: case_after(each) for key, each in streams.items()}
    approved = {view.case_id for view in rows.of(CASES) if view.recognized_on}
    assert {title.case_id for title in rows.of(TITLES)} == approved


def catalogs_of(log):
    """The catalogs of a log as the aggregate has them, by stream."""
    catalogs = {}
    for event, _ in log:
        if event.TOPIC.startswith("catalog."):
            catalogs[event.originator_id] = evolve(catalogs.get(event.originator_id), event)
    return catalogs


@settings(max_examples=40, deadline=None)
@given(histories())
def test_versions_and_entries_are_what_the_aggregate_says(saves):
    """For every version of a catalog, the intervals that contain it hold its entries, and its row counts them."""
    log = log_of(saves)
    rows = project(log)
    catalogs = catalogs_of(log)
    assert {view.catalog_id for view in rows.of(CATALOGS)} == set(catalogs)
    for each in catalogs.values():
        versions = [view for view in rows.of(CATALOG_VERSIONS) if view.catalog_code == each.code]
        assert [view.number for view in versions] == [version.number for version in each.versions]
        for view in versions:
            until = [other.effective_from for other in versions if other.number > view.number]
            until += [view.ends_on + timedelta(days=1)] if view.ends_on else []
            assert view.effective_until == min(until, default=None)
            entries = each.entries_at(view.number)
            found = {
                entry.number: entry.qualification_name
                for entry in rows.of(CATALOG_ENTRIES)
                if entry.catalog_code == each.code
                and entry.from_version <= view.number
                and (entry.until_version is None or view.number < entry.until_version)
            }
            assert found == {number: entry.qualification_name for number, entry in entries.items()}
            assert view.entry_count == len(entries)
        statuses = {view.amendment_id: view.status for view in rows.of(AMENDMENTS) if view.catalog_code == each.code}
        assert statuses == {amendment.id: amendment.status for amendment in each.amendments.values()}


@settings(max_examples=40, deadline=None)
@given(histories())
def test_aliases_are_what_the_aggregate_says(saves):
    """For every version of a catalog, the intervals that contain it hold its aliases in their order, and its row the changes."""
    log = log_of(saves)
    rows = project(log)
    catalogs = catalogs_of(log)
    for each in catalogs.values():
        views = [view for view in rows.of(CATALOG_ALIASES) if view.catalog_code == each.code]
        assert [view.place for view in views] == list(range(1, len(views) + 1))
        for version in each.versions:
            number = version.number
            found = [
                Alias(kind=view.kind, text=view.text, issuer=view.issuer, numbers=view.numbers, ground=view.ground)
                for view in views
                if view.from_version <= number and (view.until_version is None or number < view.until_version)
            ]
            assert found == list(each.aliases_at(number))
            assert rows.get(CATALOG_VERSIONS, (each.code, number)).alias_changes == tuple(
                map(alias_change_view, version.alias_changes)
            )
        for amendment in each.amendments.values():
            assert rows.get(AMENDMENTS, (amendment.id,)).alias_changes == tuple(
                map(alias_change_view, amendment.terms.alias_changes)
            )


def test_the_histories_change_aliases():
    """Added, withdrawn, and withdrawn to be added anew: what is said of histories is said of all three."""
    rows = [project(log_of(history(seed, SOME_ACTS))) for seed in range(8)]
    issued = [view.alias_changes for each in rows for view in each.of(CATALOG_VERSIONS)]
    assert {change.kind for changes in issued for change in changes} == set(AliasChangeKind)
    assert any(len({change.text for change in changes}) < len(changes) for changes in issued)


def test_the_histories_renumber_entries_and_end_catalogs():
    """What is said of histories is said of new editions too, and of catalogs that end."""
    rows = [project(log_of(history(seed, SOME_ACTS))) for seed in range(12)]
    issued = [view for each in rows for view in each.of(CATALOG_VERSIONS)]
    assert {change.kind for view in issued for change in view.changes} == set(EntryChangeKind)
    assert any(view.ends_on for view in issued)


@settings(max_examples=40, deadline=None)
@given(histories())
def test_changes_say_what_was_before_and_what_came(saves):
    """A version's changes lead from the entries of the version before to its own."""
    log = log_of(saves)
    rows = project(log)
    catalogs = catalogs_of(log)
    for view in rows.of(CATALOG_VERSIONS):
        each = next(one for one in catalogs.values() if one.code == view.catalog_code)
        names = {number: entry.qualification_name for number, entry in each.entries_at(max(1, view.number - 1)).items()}
        for change in view.changes:
            assert names.pop(change.number, None) == (change.before and change.before.qualification_name)
        for change in view.changes:
            if change.after:
                names[change.new_number or change.number] = change.after.qualification_name
        after = {number: entry.qualification_name for number, entry in each.entries_at(view.number).items()}
        assert names == after


@settings(max_examples=40, deadline=None)
@given(histories())
def test_projecting_again_changes_nothing(saves):
    """Events that the rows hold already may come again, to the same projector or to a new one."""
    log = log_of(saves)
    projecting = Projecting(REGISTRY, log)
    once = project(log, projecting=projecting)
    expected = {name: dict(rows) for name, rows in once.tables.items()}
    assert project(log, once, projecting).tables == expected
    assert project(log, once).tables == expected


@settings(max_examples=40, deadline=None)
@given(histories())
def test_a_projector_that_starts_in_the_middle_goes_on_as_if_it_had_been_there(saves):
    """What a projector remembers can be read again from the events at any point, and no row is called fresh that was there."""
    log = log_of(saves)
    rows = MemoryRows()
    for start in range(0, len(log), 5):
        rows.there = frozenset((name, key) for name, views in rows.tables.items() for key in views)
        Projecting(REGISTRY, log).take_in(log[start : start + 5], rows)
    assert rows.tables == project(log).tables


@settings(max_examples=40, deadline=None)
@given(histories())
def test_keys_needed_name_what_is_read(saves):
    """Projecting a batch reads no row that was not named and it did not put itself, so that one look-up fetches them all."""
    log = log_of(saves)
    projecting, rows = Projecting(REGISTRY, log), MemoryRows()
    for start in range(0, len(log), 7):
        batch = log[start : start + 7]
        cases = Projecting(REGISTRY, log).cases
        for event, position in batch:
            if event.TOPIC in CASE_TOPICS:
                cases.take_in(event, position)
        named = keys_needed((event for event, _ in batch), cases.touched)
        needed = {(table.name, key) for table, keys in named.items() for key in keys}
        rows.asked.clear()
        rows.put_since.clear()
        projecting.take_in(batch, rows)
        assert rows.asked <= needed


def test_rows_out_of_step_are_noticed():
    """An event that those before it cannot have led to stops the projection instead of being built upon."""
    log, later = next(
        (log, n)
        for log in (log_of(history(seed, SOME_ACTS)) for seed in range(8))
        for n, (event, _) in enumerate(log)
        if isinstance(event, case_events.Approved)
    )
    rows = project(log[:later])
    event, position = log[later]
    before = [(each, at) for each, at in log[:later] if each.originator_id == event.originator_id]
    missing = [pair for pair in log[:later] if pair != before[-1]]
    with pytest.raises(RowsOutOfStep):
        Projecting(REGISTRY, missing).take_in([(event, position)], rows)


def test_a_revoked_title_stays_as_revoked_and_its_record_is_filed():
    """Article 4: revocation shows in the title and in the archive; reinstatement undoes the one and overturns the other."""
    log = log_of(history(3, SOME_ACTS))
    rows = project(log)
    revoked = {event.originator_id for event, _ in log if isinstance(event, title_events.Revoked)}
    titles = {title.case_id: title for title in rows.of(TITLES)}
    assert revoked
    for case in rows.of(CASES):
        if case.case_id in revoked:
            records = [record for record in rows.of(INTEGRITY_RECORDS) if record.case_id == case.case_id]
            title = titles[case.case_id]
            assert all(record.overturned for record in records) == (title.status is not TitleStatus.REVOKED)
            assert title.status is TitleStatus.CURRENT or not title.valid_for_appointment


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_read_back_as_the_views_they_were(table):
    """View to row to view is the identity for each table, and the row has one value for each column."""
    views = [view for seed in range(4) for view in project(log_of(history(seed, SOME_ACTS))).of(table)]
    assert views
    for view in views:
        line = table.to_line(view)
        assert line.endswith("\n")
        row = [as_copied(*each) for each in zip(line[:-1].split("\t"), table.columns, strict=True)]
        assert table.from_row(row) == view


def test_a_table_names_only_its_own_columns():
    """Keys and indexes name columns that are there, and no two columns share a name."""
    for table in TABLES:
        names = set(table.column_names)
        assert len(names) == len(table.column_names)
        assert set(table.key) <= names
        assert {column.split()[0] for index in table.indexes for column in index.columns} <= names


def test_columns_follow_the_flattening_rule():
    """A nested view's columns carry its field's name in front; absent values may be null, others not."""
    columns = {column.name: column for column in TITLES.columns}
    assert columns["holder_ref"].sql_type == "uuid"
    assert columns["holder_name"].nullable
    assert not columns["holder_ref"].nullable
    assert columns["position"].sql_type == "bigint"
    assert columns["recognized_on"].sql_type == "date"
    assert columns["valid_for_promotion"].sql_type == "boolean"
    assert {column.name: column.sql_type for column in CASES.columns}["candidates"] == "jsonb"


def test_an_amendment_costs_its_changes():
    """Amending one entry of a catalog of thousands touches one interval before, one after, and two versions."""
    published = next(e for e, _ in log_of(history(1, 30)) if isinstance(e, CatalogPublished))
    template = published.entries[0]
    published = published.model_copy(
        update={"entries": tuple(template.model_copy(update={"number": n}) for n in range(1, 10_001))}
    )
    timeline = evolve(None, published)
    for version in range(2, 52):
        terms = AmendmentTerms(
            base_version=version - 1,
            notice=Notice(title="调整"),
            effective_from=published.effective_from + timedelta(days=version),
            changes=(
                EntryChange(
                    kind=EntryChangeKind.REVISED,
                    number=version,
                    entry=template.model_copy(update={"number": version, "translated_name": "新"}),
                ),
            ),
        )
        issued = AmendmentIssued(
            originator_id=published.originator_id,
            originator_version=version,
            timestamp=published.timestamp,
            by=published.by,
            amendment_id=published.originator_id,
            number=version,
            terms=terms,
        )
        timeline.amendments[published.originator_id] = Amendment(
            published.originator_id, terms, published.by.actor, published.timestamp
        )
        views = list(rows_of_issue(evolve(timeline, issued), version))
        assert [view.number for view in views if isinstance(view, EntryView)] == [version, version]
        assert [view.number for view in views if isinstance(view, VersionView)] == [version, version - 1]


@dataclass(kw_only=True)
class TextsView:
    """Texts in each kind of column that holds some."""

    text: str
    texts: tuple[str | None, ...]
    data: bytes


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", "\\N", "back\\slash", "", "\\\\", "名\u2028", "\x1f1"])
def test_a_text_is_copied_as_it_is(text):
    """Whatever a text holds is one field of one line, and neither NULL nor the end of the data."""
    view = TextsView(text=text, texts=(text, None), data=text.encode())
    fields = line_writer(TextsView)(view)[:-1].split("\t")
    copied = [as_copied(field, column) for field, column in zip(fields, view_columns(TextsView), strict=True)]
    assert "\n" not in "".join(fields)
    assert copied[0] == text
    assert orjson.loads(copied[1]) == [text, None]
    assert copied[2] == "\\x" + text.encode().hex()
