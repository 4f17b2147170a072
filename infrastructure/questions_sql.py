"""From a question to its one statement: text with placeholders, and their values. Pure, and nothing else makes SQL that reads rows.

Questions of one shape (table, conditions compared alike, kind of scope, order) have the same text whatever is asked for, so
that the server prepares it once. Every value is cast to its column's type, so the text says all there is to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import orjson

from application.access import Scope
from application.asking import (
    Beside,
    Compare,
    Condition,
    Drawn,
    Either,
    Grouped,
    Keyed,
    Measured,
    Order,
    Question,
    Selected,
    Shown,
    Window,
)
from application.projections.projection import Table
from domain.values import FIELD_SEPARATOR

_OPERATORS: Final[Mapping[Compare, str]] = {
    Compare.IS: "{0} = {value}",
    Compare.IS_NOT: "{0} IS DISTINCT FROM {value}",
    Compare.ONE_OF: "{0} = ANY({value})",
    Compare.LEAST: "{0} >= {value}",
    Compare.MOST: "{0} <= {value}",
    Compare.BELOW: "{0} < {value}",
    Compare.ABOVE: "{0} > {value}",
    Compare.WITHIN: "{0} <= {value} AND ({1} IS NULL OR {value} < {1})",
    Compare.CONTAINS: "strpos(lower(concat_ws(' ', {all})), lower({value})) > 0",
    Compare.LISTS: "{0} @> {value}",
    Compare.NAMES: f"{{value}} = ANY ({{0}} || regexp_split_to_array({{0}}, '\\s*{FIELD_SEPARATOR.pattern}\\s*'))",
    Compare.LISTS_NONE_OF: "NOT EXISTS (SELECT FROM jsonb_array_elements({0}) AS n WHERE n::integer IN ({value}))",
}
_MEASURES: Final[Mapping[Measured, str]] = {
    Measured.ROWS: "count(*)",
    Measured.TRUE: "count(*) FILTER (WHERE {0})",
    Measured.MEDIAN: "percentile_cont(0.5) WITHIN GROUP (ORDER BY {0})",
    Measured.P90: "percentile_cont(0.9) WITHIN GROUP (ORDER BY {0})",
    Measured.LEAST: "min({0})",
    Measured.TABLE: "max(t.tableoid::bigint)",
}
_TEXTUAL: Final = frozenset({"uuid", "date"})
"""Types that ``Shown`` answers as text, which is what their JSON is."""


@dataclass(slots=True)
class Statement:
    """SQL on its way: its text so far, and the value of each placeholder in it."""

    text: str = ""
    params: list[Any] = field(default_factory=list)

    def add(self, text: str, *params: Any) -> None:
        """Go on with this text, and the values of its placeholders."""
        self.text += text
        self.params.extend(params)


def rows_statement(question: Question[Any]) -> Statement:
    """The rows of a question in the table's columns; of a page one more than its size, in the direction in which it is read."""
    return _rows(Statement(f"SELECT {question.table.qualified_list}"), question)


def shown_statement(shown: Shown) -> Statement:
    """Some columns of rows, and measures beside them; the statement of whole rows says the rest."""
    keyed = isinstance(shown.asked, Keyed)
    table = shown.asked.question.table if isinstance(shown.asked, Keyed) else shown.asked.table
    whole = [f"t.{each}" for each in table.column_names]
    columns = whole if shown.columns is None else [_as_shown(table, each) for each in shown.columns]
    made = Statement(f"SELECT {', '.join([*(['k.n'] if keyed else []), *columns])}")
    for each in shown.beside:
        inner = grouped_statement(each)
        made.add(f"{', ' if made.text[-1:] != ' ' else ''}({inner.text})", *inner.params)
    return _keyed(made, shown.asked) if isinstance(shown.asked, Keyed) else _rows(made, shown.asked)


def _as_shown(table: Table[Any], column: str) -> str:
    return f"t.{column}::text" if table.types[column] in _TEXTUAL else f"t.{column}"


def _rows(made: Statement, question: Question[Any]) -> Statement:
    _from_where(made, question, question.window)
    _ordered(made, question.order, question.window)
    if question.window is not None:
        made.add(" LIMIT %s", question.window.size + 1)
    return made


def count_statement(question: Question[Any]) -> Statement:
    """How many rows a question has, whichever page of them it asks for."""
    made = Statement("SELECT count(*)")
    _from_where(made, question)
    return made


def keyed_statement(asked: Keyed[Any, Any]) -> Statement:
    """The rows that keys name, each with the number of its key from 1 on in front."""
    return _keyed(Statement(f"SELECT k.n, {asked.question.table.qualified_list}"), asked)


def _keyed(made: Statement, asked: Keyed[Any, Any]) -> Statement:
    table, parts, via = asked.question.table, [f"k{n}" for n in range(len(asked.by))], asked.via
    single = len(asked.by) == 1
    given = [list(asked.keys)] if single else [list(values) for values in zip(*asked.keys, strict=True)]
    types = [table.types[by.columns[0]] for by in asked.by]
    if via is not None:
        types = [via.question.table.types[via.key]]
    made.add(f" FROM unnest({', '.join(f'%s::{each}[]' for each in types)})", *map(_plain, given))
    made.add(f" WITH ORDINALITY AS k ({', '.join([*parts, 'n'])})")
    values = [f"k.{part}" for part in parts] if via is None else [f"v.{via.column}"]
    joined: list[_Text] = [
        (_compared(by.how, by.columns, value), ()) for by, value in zip(asked.by, values, strict=True)
    ]
    if via is not None:
        ways = [(f"v.{via.key} = k.{parts[0]}", ()), *_conditions(via.question, row="v")]
        joined = [*ways, *joined]
    conditions = _conditions(asked.question)
    if asked.every:
        joined, conditions = [*joined, *conditions], []
    rows = (
        f"{table.qualified} AS t"
        if via is None
        else f"({via.question.table.qualified} AS v CROSS JOIN {table.qualified} AS t)"
    )
    made.add(f" {'LEFT JOIN' if asked.every else 'JOIN'} {rows} ON ")
    _all_of(made, joined)
    if conditions:
        made.add(" WHERE ")
        _all_of(made, conditions)
    _ordered(made, asked.question.order, None)
    return made


def drawn_statement(asked: Drawn[Any]) -> Statement:
    """A sample of rows, in the order in which it is drawn."""
    made, stream = Statement(f"SELECT {asked.question.table.qualified_list}"), f"t.{asked.stream}"
    _from_where(made, asked.question)
    if asked.up_to is not None:
        made.add(
            f" {'AND' if ' WHERE ' in made.text else 'WHERE'} (EXISTS (SELECT FROM registry.events AS e"
            f" WHERE e.originator_id = {stream} AND e.originator_version = 1 AND e.position <= %s))",
            asked.up_to,
        )
    made.add(
        f" ORDER BY sha256(convert_to(%s || E'\\n' || {stream}::text, 'UTF8')), {stream} LIMIT %s",
        asked.seed,
        asked.size,
    )
    return made


def grouped_statement(asked: Grouped) -> Statement:
    """Groups of rows: what they are grouped by, then their measures."""
    groups = [f"t.{column}" for column in asked.by]
    measured = [_MEASURES[measure].format(f"t.{column}") for measure, column in asked.measures]
    made = Statement(f"SELECT {', '.join([*groups, *measured])}")
    _from_where(made, asked.question)
    if groups:
        made.add(f" GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)} LIMIT %s", asked.most + 1)
    return made


def _from_where(made: Statement, question: Question[Any], window: Window | None = None) -> None:
    made.add(f" FROM {question.table.qualified} AS t")
    _where(made, question, window)


def _where(made: Statement, question: Question[Any], window: Window | None = None) -> None:
    conditions = _conditions(question, window)
    if conditions:
        made.add(" WHERE ")
        _all_of(made, conditions)


def _conditions(question: Question[Any], window: Window | None = None, row: str = "t") -> list[_Text]:
    """What must hold of a question's rows, which the statement calls ``row``."""
    return [
        *_in_scope(question.table, question.scope, row),
        *(_condition(question.table, each, row) for each in question.conditions),
        *_within_window(question, window),
    ]


def _all_of(made: Statement, conditions: Sequence[_Text]) -> None:
    for n, (text, params) in enumerate(conditions):
        made.add(f"{' AND ' if n else ''}({text})", *params)


_Text = tuple[str, Sequence[Any]]


def _condition(table: Table[Any], condition: Condition | Either | Beside, row: str = "t") -> _Text:
    if isinstance(condition, Beside):
        return _beside(condition, row)
    if isinstance(condition, Either):
        ways = [[_condition(table, each, row) for each in way] for way in condition.ways]
        text = " OR ".join(" AND ".join(f"({text})" for text, _ in way) for way in ways)
        return text, [param for way in ways for _, params in way for param in params]
    column, _, member = condition.columns[0].partition(".")
    kind, value = table.types[column], condition.value
    if isinstance(value, Selected):
        inner = Statement(f"SELECT t.{value.column}")
        _from_where(inner, value.question)
        return _compared(condition.how, (column,), inner.text, row), inner.params
    if condition.how is Compare.LISTS:
        value = orjson.dumps([{member: _plain(value)} if member else _plain(value)]).decode()
    if condition.how is Compare.ONE_OF:
        kind += "[]"
    columns = (column, *condition.columns[1:])
    text = _compared(condition.how, columns, f"%s::{kind}", row)
    return text, [_plain(value)] * text.count("%s")


def _beside(condition: Beside, row: str) -> _Text:
    """That another row holds the same, which the statement calls ``b``."""
    joined = (f"b.{condition.same} = {row}.{condition.same} AND b.{condition.apart} <> {row}.{condition.apart}", ())
    inner = Statement(f"EXISTS (SELECT FROM {condition.question.table.qualified} AS b WHERE ")
    _all_of(inner, [joined, *_conditions(condition.question, row="b")])
    return inner.text + ")", inner.params


def _compared(how: Compare, columns: Sequence[str], value: str, row: str = "t") -> str:
    named = [f"{row}.{column}" for column in columns]
    return _OPERATORS[how].format(*named, all=", ".join(named), value=value)


def _in_scope(table: Table[Any], scope: Scope | None, row: str = "t") -> list[_Text]:
    """The rows within a scope, as ``application.access.sees`` has it."""
    columns, found = table.scope, list[_Text]()
    if columns is None or scope is None:
        return found
    if not scope.everything:
        ways: list[tuple[str, Any]] = [(f"{row}.{columns.authority} = ANY(%s::text[])", sorted(scope.authorities))]
        if columns.subject is not None:
            ways.append((f"{row}.{columns.subject} = %s::text", scope.subject))
        if columns.holder is not None:
            ways.append((f"{row}.{columns.holder} = %s::uuid", scope.holder_ref))
        found.append((" OR ".join(text for text, _ in ways), [value for _, value in ways]))
    if columns.restricted is not None and not scope.restricted:
        found.append((f"NOT {row}.{columns.restricted}", ()))
    return found


def _within_window(question: Question[Any], window: Window | None) -> list[_Text]:
    """What lies between a window's keys."""
    found, order = list[_Text](), question.order
    if window is None or order is None:
        return found
    columns = ", ".join(f"t.{column}" for column in order.columns)
    values = ", ".join(f"%s::{question.table.types[column]}" for column in order.columns)
    for key, sign in (
        (window.after, "<" if order.descending else ">"),
        (window.before, ">" if order.descending else "<"),
    ):
        if key is not None:
            found.append((f"({columns}) {sign} ({values})", key))
    return found


def _ordered(made: Statement, order: Order | None, window: Window | None) -> None:
    if order is not None:
        downwards = order.descending != (window is not None and window.backward)
        made.add(f" ORDER BY {', '.join(f't.{each}' + (' DESC' if downwards else '') for each in order.columns)}")


def _plain(value: Any) -> Any:
    """A value as the driver takes it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
