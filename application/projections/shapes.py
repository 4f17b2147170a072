"""How a view dataclass lies in a table: its columns, and the two functions between view and row.

A nested view becomes columns with its field's name in front (``holder_name``); tuples become ``jsonb``; enums their
value. The functions are generated once per view, as ``dataclasses`` generates ``__init__``: every read runs through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson

from application.seals import is_personal

_SQL: Final = {
    UUID: "uuid",
    datetime: "timestamptz",
    date: "date",
    bool: "boolean",
    str: "text",
    int: "integer",
    bytes: "bytea",
}
_SHOWN: Final = {
    UUID: "{}.hex",
    datetime: "{}.isoformat()",
    date: "{}.isoformat()",
    bool: '("t" if {} else "f")',
    str: "as_text({})",
    bytes: "as_bytea({})",
}
"""How COPY reads a value; others as they are."""
_NULL: Final = "\\N"
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PARSED: Final = {UUID: "UUID({})", datetime: "datetime.fromisoformat({})", date: "date.fromisoformat({})"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its PostgreSQL type, whether it may be null, and whether it holds something personal."""

    name: str
    sql_type: str
    nullable: bool
    personal: bool = False


@dataclass(frozen=True, slots=True)
class _Leaf:
    column: Column
    path: str
    kind: Any
    within: str | None = None
    """The path of the nested view that it belongs to, where that one may be absent."""


def view_columns(view: type) -> tuple[Column, ...]:
    """The columns of a view, in the order of its fields. Raises ``TypeError`` for a field that no rule maps."""
    return tuple(leaf.column for leaf in _leaves(view))


def line_writer(view: type) -> Callable[[Any], str]:
    """A function from a view to the line that COPY takes for its row, in the text format (PostgreSQL 15, "COPY", File Formats)."""
    names: dict[str, Any] = {
        "as_json": _json_in_line,
        "as_text": _text_in_line,
        "as_bytea": _bytea_in_line,
        "null": _NULL,
        "end": "\n",
    }
    values = []
    for leaf in _leaves(view):
        kind, nullable = _optional(leaf.kind)
        value, shown = f"view.{leaf.path}", _SHOWN.get(kind, "{}")
        if leaf.within is not None:
            value = f"(view.{leaf.within} and {value})"
        if get_origin(kind) is tuple:
            shown = "as_json({})"
        elif issubclass(kind, Enum):
            shown = "{}.value"
        if nullable or leaf.within is not None:
            value = f"(null if (each := {value}) is None else {shown.format('each')})"
        else:
            value = shown.format(value)
        values.append(f"{{{value}}}")
    tab = "\t"
    return _function(f"lambda view: f'{tab.join(values)}{{end}}'", names)


def row_reader(view: type) -> Callable[[Sequence[Any]], Any]:
    """A function from a row (values in column order; JSON parsed or as text) to its view."""
    names: dict[str, Any] = {"from_json": _from_json, "UUID": UUID, "date": date, "datetime": datetime}
    places = {leaf.path: n for n, leaf in enumerate(_leaves(view))}

    def value(kind: Any, path: str) -> str:
        nested, perhaps = _optional(kind)
        if is_dataclass(nested):
            made = _construct(nested, names, lambda name, inner: value(inner, f"{path}.{name}"))
            return f"(None if row[{places[_certain(nested, path)]}] is None else {made})" if perhaps else made
        column = f"row[{places[path]}]"
        bare, nullable = _optional(kind)
        if get_origin(bare) is tuple:
            return _parsed(bare, f"from_json({column})", names, 0)
        if issubclass(bare, Enum):
            members = names.setdefault(f"members_of_{bare.__name__}", {member.value: member for member in bare})
            names[f"members_of_{bare.__name__}"] = members | ({None: None} if nullable else {})
            return f"members_of_{bare.__name__}[{column}]"
        return column

    return _function(f"lambda row: {_construct(view, names, lambda name, kind: value(kind, name))}", names)


def _leaves(view: Any, path: str = "", prefix: str = "", within: str | None = None) -> Iterator[_Leaf]:
    kinds, marked = get_type_hints(view), get_type_hints(view, include_extras=True)
    for field in fields(view):
        kind = kinds[field.name]
        bare, nullable = _optional(kind)
        if is_dataclass(bare):
            absent = path + field.name if nullable else within
            yield from _leaves(bare, f"{path}{field.name}.", f"{prefix}{field.name}_", absent)
            continue
        personal = _holds_personal(marked[field.name])
        column = Column(prefix + field.name, _sql_type(bare, field.name), nullable or within is not None, personal)
        yield _Leaf(column, path + field.name, kind, within)


def _certain(view: Any, path: str) -> str:
    """The path of a field of a nested view that is never None, so that it tells whether the view is there."""
    kinds = get_type_hints(view)
    return next(f"{path}.{field.name}" for field in fields(view) if not _optional(kinds[field.name])[1])


def _holds_personal(kind: Any) -> bool:
    """Whether a field is personal itself, or a tuple of views with a personal field."""
    if get_origin(kind) is tuple:
        return any(is_personal(each) or (is_dataclass(each) and _view_holds_personal(each)) for each in get_args(kind))
    return is_personal(kind)


def _view_holds_personal(view: Any) -> bool:
    return any(map(_holds_personal, get_type_hints(view, include_extras=True).values()))


def _sql_type(kind: Any, name: str) -> str:
    if name == "position":
        return "bigint"  # the one order of all events outgrows an integer; no count of anything else does
    if get_origin(kind) is tuple:
        return "jsonb"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "text"
    if kind not in _SQL:
        raise TypeError(f"no rule says which column holds {kind} ({name})")
    return _SQL[kind]


def _optional(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) not in {Union, UnionType}:
        return kind, False
    (bare,) = (each for each in get_args(kind) if each is not NoneType)
    return bare, True


def _construct(view: Any, names: dict[str, Any], value: Callable[[str, Any], str]) -> str:
    names[view.__name__] = view
    kinds = get_type_hints(view)
    return f"{view.__name__}({', '.join(f'{f.name}={value(f.name, kinds[f.name])}' for f in fields(view))})"


def _parsed(kind: Any, source: str, names: dict[str, Any], depth: int) -> str:
    """Source text of an expression that makes a value of ``kind`` from the JSON that ``source`` evaluates to."""
    bare, nullable = _optional(kind)
    if nullable:
        return f"(None if {source} is None else {_parsed(bare, source, names, depth)})"
    if get_origin(bare) is tuple:
        inner = _parsed(get_args(bare)[0], f"x{depth}", names, depth + 1)
        return f"tuple({source})" if inner == f"x{depth}" else f"tuple([{inner} for x{depth} in {source}])"
    if is_dataclass(bare):
        return _construct(bare, names, lambda name, each: _parsed(each, f"{source}[{name!r}]", names, depth))
    if issubclass(bare, Enum):
        names[bare.__name__] = bare
        return f"{bare.__name__}({source})"
    return _PARSED.get(bare, "{}").format(source)


def _function(source: str, names: dict[str, Any]) -> Callable[[Any], Any]:
    return cast("Callable[[Any], Any]", eval(source, names))  # noqa: S307 - the source is made above, from the names of the project's own fields


def _json_in_line(value: Any) -> str:
    return orjson.dumps(value).decode().replace("\\", "\\\\")  # no other sign that COPY escapes stands in JSON as it is


def _text_in_line(value: str) -> str:
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.translate(_ESCAPED)
    return value


def _bytea_in_line(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _from_json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value
