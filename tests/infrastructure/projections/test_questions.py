"""Questions: one statement a question, with the scope in it, and the same text for the same shape."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg_pool import AsyncConnectionPool

from application import questions
from application.access import CaseRow, Scope, sees
from application.asking import UNSCOPED, Compare, Compared, Condition, Keyed, Order, Question, Window, holding, where
from application.deadlines import standing
from application.projections.all import PROJECTIONS
from application.projections.tables import CASES, CATALOG_ENTRIES, INTEGRITY_RECORDS, TITLES
from application.questions import AliasFilter, AuditFilter, CaseFilter, EntryFilter, TitleFilter
from application.statistics import StatisticsFilter
from catalog.jurisdiction import load_jurisdiction
from domain.clocks import DeadlineState
from domain.values import CaseStatus, TitleStatus
from infrastructure.questions_sql import count_statement, keyed_statement, rows_statement
from infrastructure.reads import PostgresReads
from tests.histories import AUTHORITIES, history

PAGE = Window(size=10)
FILTERS = {
    TitleFilter: TITLES,
    CaseFilter: CASES,
    AuditFilter: questions.EVENTS,
    EntryFilter: CATALOG_ENTRIES,
    AliasFilter: next(table for each in PROJECTIONS for table in each.tables if table.name == "catalog_aliases"),
    StatisticsFilter: next(table for each in PROJECTIONS for table in each.tables if table.name == "counted_cases"),
}


@pytest.fixture
def filled(store):
    """A store with a history, projected."""
    store.save_at_once(history(41, 700))
    store.project()
    return store


def asked(store, ask):
    """What a question is answered over the store."""

    async def run():
        pool = AsyncConnectionPool(
            store.app_url, kwargs={"autocommit": True, "options": "-c timezone=UTC"}, min_size=1, max_size=2, open=False
        )
        async with PostgresReads(pool, store.mapper) as reads:
            return await ask(reads)

    return asyncio.run(run())


@pytest.mark.parametrize("table", [CASES, TITLES], ids=lambda each: each.name)
def test_a_scope_cannot_be_forgotten(table):
    """Of rows that lie in scopes nobody can ask without one, whatever else they ask."""
    with pytest.raises(TypeError, match="scope"):
        Question(table)
    assert Question(table, scope=Scope()).scope == Scope()


def test_every_table_about_cases_lies_in_scopes():
    """A table whose rows bear an authority says by which columns they lie in a scope, and the columns are there.

    Records of the integrity archive lie in the scope of their holder's cases, which ``questions.integrity_archive`` asks for.
    """
    scoped = [
        table
        for each in PROJECTIONS
        for table in each.tables
        if "authority_code" in table.column_names and table is not INTEGRITY_RECORDS
    ]
    assert len(scoped) >= 3
    for table in scoped:
        named = {name for name in dataclasses.astuple(table.scope) if name is not None}
        assert named <= set(table.column_names)


@pytest.mark.parametrize("which", FILTERS, ids=lambda each: each.__name__)
def test_every_field_of_a_filter_is_compared_with_columns_that_are_there(which):
    """A field without a comparison would be passed over in silence; ``unlisted``, ``deadline`` and ``contested`` alone ask for more."""
    values = {each.name: [] if each.name in {"status", "types"} else "x" for each in dataclasses.fields(which)}
    conditions = holding(which(**values))
    assert len(conditions) == len(values) - len({"unlisted", "deadline", "contested"} & values.keys())
    columns = {column.partition(".")[0] for each in conditions for column in each.columns}
    assert columns <= set(FILTERS[which].column_names)


def test_questions_of_one_shape_have_one_text():
    """Values stand in the parameters alone, so the server prepares a statement once; another shape is another text."""
    of_reviewer = [
        Scope(authorities=frozenset(codes), subject=subject) for codes, subject in (("a", "x"), (("b", "c", "d"), None))
    ]
    texts = {
        rows_statement(questions.cases(scope, CaseFilter(status=[status], authority_code=str(status)), PAGE)).text
        for scope in of_reviewer
        for status in CaseStatus
    }
    assert len(texts) == 1
    assert "APPROVED" not in texts.pop()
    others = [
        questions.cases(UNSCOPED, CaseFilter(), PAGE),
        questions.cases(Scope(everything=True), CaseFilter(), PAGE),
        questions.cases(of_reviewer[0], CaseFilter(), PAGE),
        questions.cases(UNSCOPED, CaseFilter(authority_code="a"), PAGE),
        questions.cases(UNSCOPED, CaseFilter(), Window(size=1, backward=True)),
    ]
    assert len({rows_statement(each).text for each in others}) == len(others)
    keys = [[("zj", 1, 2)], [("a", 3, 4), ("b", 5, 6)]]
    assert len({keyed_statement(questions.entries_by_key(some)).text for some in keys}) == 1


def test_a_text_is_never_part_of_a_statement():
    """Whatever somebody types is a parameter, in every way of comparing."""
    hostile = "'; DROP SCHEMA registry CASCADE; --"
    conditions = tuple(
        Condition(("status",), how, hostile) for how in Compare if how not in {Compare.WITHIN, Compare.LISTS_NONE_OF}
    )
    made = rows_statement(
        Question(CASES, (*conditions, where("candidates.number", hostile, Compare.LISTS)), scope=UNSCOPED)
    )
    assert "DROP" not in made.text
    assert made.text.count("%s") == len(made.params)


def test_a_page_needs_an_order():
    """Rows without an order have no pages."""
    with pytest.raises(TypeError, match="order"):
        Question(CASES, window=PAGE, scope=UNSCOPED)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(everything=True),
        Scope(authorities=frozenset(AUTHORITIES[:1])),
        Scope(authorities=frozenset(AUTHORITIES[1:]), subject="applicant-2"),
        Scope(subject="applicant-1"),
        Scope(subject="nobody"),
    ],
    ids=["nothing", "everything", "one authority", "authorities and own", "own", "nobody's"],
)
def test_rows_of_a_scope_are_those_that_the_policy_sees(filled, scope):
    """What SQL leaves of cases and titles is what ``application.access.sees`` says, by every way into a scope."""
    for table in (CASES, TITLES):
        views = filled.rows()[table.name].values()
        holder = next(iter(views)).holder.ref
        for asker in (scope, dataclasses.replace(scope, holder_ref=holder)):
            found = asked(filled, lambda reads, asker=asker, table=table: reads.rows(Question(table, scope=asker)))
            expected = {
                table.key_of(view)
                for view in views
                if sees(asker, CaseRow(view.responsible_code, view.submitted_by, view.holder.ref))
            }
            assert {table.key_of(view) for view in found} == expected


def test_filters_leave_what_meets_every_condition(filled):
    """Of titles and cases, by each field and by several."""
    titles, cases = (list(filled.rows()[name].values()) for name in ("titles", "cases"))
    day, instant = titles[0].recognized_on, cases[0].submitted_at
    all_of_them = Window(size=10_000)
    expected = [
        (
            TitleFilter(recognized_from=day, status=TitleStatus.CURRENT),
            lambda t: t.recognized_on >= day and t.status is TitleStatus.CURRENT,
        ),
        (
            TitleFilter(recognized_to=day, field=titles[0].field),
            lambda t: t.recognized_on <= day and t.field == titles[0].field,
        ),
    ]
    for which, holds in expected:
        page = asked(filled, lambda reads, which=which: reads.page(questions.titles(UNSCOPED, which, all_of_them)))
        assert {t.title_id for t in page.rows} == {t.title_id for t in titles if holds(t)} != set()
    some = [CaseStatus.APPROVED, CaseStatus.REJECTED]
    for which, holds in (
        (CaseFilter(status=some), lambda c: c.status in some),
        (CaseFilter(submitted_from=instant), lambda c: c.submitted_at >= instant),
        (
            CaseFilter(submitted_to=instant, authority_code=AUTHORITIES[0]),
            lambda c: c.submitted_at < instant and c.authority_code == AUTHORITIES[0],
        ),
        (CaseFilter(status=[]), lambda _: False),
    ):
        question = questions.cases(UNSCOPED, which, dataclasses.replace(all_of_them, count=True))
        page = asked(filled, lambda reads, question=question: reads.page(question))
        assert {c.case_id for c in page.rows} == {c.case_id for c in cases if holds(c)}
        assert page.total == len(page.rows)
        assert asked(filled, lambda reads, question=question: reads.count(question)) == page.total


@pytest.mark.parametrize("state", DeadlineState)
def test_cases_are_found_by_how_their_deadlines_stand(filled, state):
    """What SQL finds by columns on a day is what each case's own deadlines say, on every day around their last."""
    cases, rules = filled.rows()["cases"].values(), load_jurisdiction().rules
    lasts = sorted({clock.due_on for case in cases for clock in case.clocks if clock.done_on is None})
    found_some = set()
    for day in {each + timedelta(days=n) for each in lasts[:: max(1, len(lasts) // 5)] for n in (-4, 0, 1)}:
        on = rules.read_on(day)
        question = questions.cases(UNSCOPED, CaseFilter(deadline=state), Window(size=10_000), on)
        page = asked(filled, lambda reads, question=question: reads.page(question))
        expected = {case.case_id for case in cases if state in {each.state for each in standing(case, on)}}
        assert {case.case_id for case in page.rows} == expected
        found_some |= expected
    assert found_some
    with pytest.raises(TypeError, match="day"):
        questions.cases(UNSCOPED, CaseFilter(deadline=state), PAGE)


def test_pages_walk_a_list_both_ways(filled):
    """Forward and backward, each row once, whatever the size; the order of a list is its key's."""
    order = Order(("submitted_at", "case_id"), descending=True)
    everything = asked(filled, lambda reads: reads.rows(Question(CASES, order=order, scope=UNSCOPED)))
    assert len(everything) > 20
    for backward in (False, True):
        walked, key, more = [], None, True
        while more:
            window = Window(size=7, **{"before" if backward else "after": key}, backward=backward)
            page = asked(
                filled, lambda reads, window=window: reads.page(questions.cases(UNSCOPED, CaseFilter(), window))
            )
            walked = [*page.rows, *walked] if backward else [*walked, *page.rows]
            edge = page.rows[0 if backward else -1]
            key, more = (edge.submitted_at, edge.case_id), page.has_previous if backward else page.has_next
        assert walked == list(everything)


def test_keys_find_their_own_rows(filled):
    """By one part, by several, by a version within an interval; what names nothing is absent."""
    entries = list(filled.rows()["catalog_entries"].values())
    last = max(each.from_version for each in entries) + 1
    keys = [(e.catalog_code, version, e.number) for e in entries for version in range(1, last + 1)]
    keys = list(dict.fromkeys(keys))
    found = asked(filled, lambda reads: reads.by_key(questions.entries_by_key([*keys, ("none", 1, 1)])))
    for code, version, number in keys:
        expected = [
            e
            for e in entries
            if (e.catalog_code, e.number) == (code, number)
            and e.from_version <= version
            and (e.until_version is None or version < e.until_version)
        ]
        assert list(found.get((code, version, number), [])) == expected
    assert ("none", 1, 1) not in found
    nobody = Keyed(Question(CASES, scope=UNSCOPED), (Compared(columns=("case_id",)),), [UUID(int=1)])
    assert asked(filled, lambda reads: reads.by_key(nobody)) == {}


def test_aliases_that_mean_no_entry_of_a_version_are_found(filled):
    """A qualification's names of which every entry is gone, or that never had one."""
    rows = filled.rows()
    checked = 0
    for code, number in rows["catalog_versions"]:

        def there(each, number=number, code=code):
            return (
                each.catalog_code == code
                and each.from_version <= number
                and (each.until_version is None or number < each.until_version)
            )

        listed = {e.number for e in rows["catalog_entries"].values() if there(e)}
        expected = [
            a.place
            for a in rows["catalog_aliases"].values()
            if there(a) and a.kind.value == "QUALIFICATION" and listed.isdisjoint(a.numbers)
        ]
        question = questions.aliases((code, number), AliasFilter(unlisted=True), Window(size=1_000))
        page = asked(filled, lambda reads, question=question: reads.page(question))
        assert [a.place for a in page.rows] == sorted(expected)
        checked += len(expected)
        if checked > 5:
            break
    assert checked


def test_every_statement_is_one_that_the_server_understands(filled):
    """Each question of the registry, with every filter it takes, runs as it stands."""
    ref, now = UUID(int=7), datetime(2026, 1, 1, tzinfo=UTC)
    key, after = ("zj", 1), Window(size=1, after=(1,), before=(9,), count=True)
    scope = Scope(authorities=frozenset(AUTHORITIES), subject="x", holder_ref=ref)
    every = [
        questions.catalogs(),
        questions.catalog("zj"),
        questions.versions("zj"),
        questions.entries(key, EntryFilter(search="x", field="y", title="z"), after),
        questions.entry_history("zj", 1),
        questions.aliases(key, AliasFilter(search="x", entry_number=1, unlisted=True), after),
        questions.amendment(ref),
        questions.amendments("zj"),
        questions.catalog_proposal(ref),
        questions.catalog_proposals(),
        questions.pending_cases("zj", [1]),
        questions.titles_on_entries("zj", [1]),
        questions.case(scope, ref),
        questions.case_numbered(scope, "zj2026-00000-00000"),
        questions.cases_of(scope, ref),
        questions.titles_of(scope, ref),
        questions.holder(ref),
        questions.restricted_among([ref]),
        questions.events(
            AuditFilter(types=["x"], stream_id=ref, actor="y", recorded_from=now, recorded_to=now),
            after,
            newest_first=True,
        ),
    ]
    for question in every:
        assert not count_statement(question).text.count("LIMIT")
        asked(filled, lambda reads, question=question: reads.rows(question))
        asked(filled, lambda reads, question=question: reads.count(question))
    for keyed in (
        questions.versions_by_key([key]),
        questions.titles_of_cases([ref]),
    ):
        assert asked(filled, lambda reads, keyed=keyed: reads.by_key(keyed)) == {}
