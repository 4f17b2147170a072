"""From a selection to a function that writes it: source of one expression, made once, evaluated for each answer.

An object is read from one of two things: the columns of a row (``Columns``), which ask the statement for no more than is shown, or a
view (``View``), where a rule needs the whole of it. What a type's fields are beyond the fields of its view stands in ``Rules``, by the
names of type and field; a field that is neither is not covered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Protocol, Union, cast, get_args, get_origin, get_type_hints

from application.seals import is_personal
from compiled.selections import TYPENAME, NotCovered, SelectedField
from graphql import GraphQLEnumType
from registry_api.scalars import DATE_TIME


class RowSource(Protocol):
    """What an object is read from."""

    @property
    def whole(self) -> str | None:
        """What evaluates to the view itself; None where there are columns only."""

    @property
    def view(self) -> type:
        """The view."""

    def of(self, name: str) -> str:
        """What evaluates to a field of the view, as JSON or as something that is written as it."""

    def within(self, name: str, view: type) -> RowSource:
        """A view within the view."""

    def lacks(self, name: str, view: type) -> str:
        """What is true where a view within the view is absent."""


class Columns:
    """A row: ``names`` gathers which columns are asked for."""

    whole: str | None = None

    def __init__(self, view: type, names: dict[str, int], offset: int = 0, prefix: str = "") -> None:
        self.view, self._names, self._offset, self._prefix = view, names, offset, prefix

    def of(self, name: str) -> str:
        """See ``RowSource``."""
        place = self._names.setdefault(self._prefix + name, len(self._names))
        return f"r[{place + self._offset}]"

    def within(self, name: str, view: type) -> RowSource:
        """See ``RowSource``."""
        return Columns(view, self._names, self._offset, f"{self._prefix}{name}_")

    def lacks(self, name: str, view: type) -> str:
        """See ``RowSource``."""
        kinds = get_type_hints(view)
        certain = next(each.name for each in fields(view) if not _optional(kinds[each.name])[1])
        return f"{self.within(name, view).of(certain)} is None"


@dataclass(frozen=True)
class View:
    """A view, under the name of a variable or another expression that evaluates to it."""

    view: type
    whole: str

    def of(self, name: str) -> str:
        """See ``RowSource``."""
        return f"{self.whole}.{name}"

    def within(self, name: str, view: type) -> RowSource:
        """See ``RowSource``."""
        return View(view, self.of(name))

    def lacks(self, name: str, view: type) -> str:  # noqa: ARG002 - as its sibling
        """See ``RowSource``."""
        return f"{self.of(name)} is None"


Rule = Callable[["Writer", RowSource, SelectedField], str]
"""Writes one field of a type that is not simply a field of its view."""
Rules = Mapping[tuple[str, str], Rule]


@dataclass
class Writer:
    """Makes the source of one answer; ``names`` are what the source calls by name. ``e`` is the request in it, ``r`` the row.

    ``clear``: whether the asker may read persons, so that personal fields are opened, which needs whole views.
    """

    rules: Rules
    clear: bool
    names: dict[str, Any] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def bind(self, value: Any) -> str:
        """A name in the source for a value."""
        name = f"n{next(self._numbers)}"
        self.names[name] = value
        return name

    def variable(self) -> str:
        """A fresh variable."""
        return f"x{next(self._numbers)}"

    def object(self, source: RowSource, selected: Sequence[SelectedField]) -> str:
        """An object with these fields."""
        return "{" + ", ".join(f"{each.key!r}: {self.field(source, each)}" for each in selected) + "}"

    def function(self, parameters: str, expression: str) -> Callable[..., Any]:
        """The function of an expression, with all that was bound."""
        return cast("Callable[..., Any]", eval(f"lambda {parameters}: {expression}", self.names))  # noqa: S307 - the source is made here: of the project's own names, and of response names, which the grammar limits to letters and digits

    def field(self, source: RowSource, selected: SelectedField) -> str:
        """One field. Raises ``NotCovered``."""
        if selected.name == TYPENAME:
            return repr(selected.parent.name)
        rule = self.rules.get((selected.parent.name, selected.name))
        if rule is not None:
            return rule(self, source, selected)
        return self.plain(source, selected, python_name(selected))

    def plain(self, source: RowSource, selected: SelectedField, name: str) -> str:
        """A field of the view, or a view within it."""
        marked = get_type_hints(source.view, include_extras=True)
        if name not in marked:
            raise NotCovered(f"{selected.parent.name}.{selected.name}")
        if is_personal(marked[name]):
            raise NotCovered(f"the personal {selected.parent.name}.{selected.name}")
        return self.value(source, name, get_type_hints(source.view)[name], selected)

    def value(self, source: RowSource, name: str, kind: Any, selected: SelectedField) -> str:
        """A value of a kind, that a field of the source holds."""
        bare, perhaps = _optional(kind)
        if is_dataclass(bare):
            inner = self.object(source.within(name, cast("type", bare)), selected.below)
            return f"(None if {source.lacks(name, cast('type', bare))} else {inner})" if perhaps else inner
        if get_origin(bare) is tuple:
            item = get_args(bare)[0]
            if source.whole is None:
                raise NeedsView
            if not is_dataclass(item):
                return f"list({source.of(name)})"
            each = self.variable()
            return f"[{self.object(View(cast('type', item), each), selected.below)} for {each} in {source.of(name)}]"
        return self.leaf(source.of(name), selected)

    def leaf(self, expression: str, selected: SelectedField) -> str:
        """A value that has a type without fields."""
        kind = selected.type
        if isinstance(kind, GraphQLEnumType):
            names = {
                value.value.value if isinstance(value.value, Enum) else value.value: name
                for name, value in kind.values.items()
            }
            if all(name == value for value, name in names.items()):
                return expression
            return f"{self.bind({None: None} | names)}[{expression}]"
        match kind.name:
            case "Position":
                return f"str({expression})"
            case "DateTime":
                return f"{self.bind(_instant)}({expression})"
            case "String" | "Int" | "Boolean" | "Float" | "ID" | "Date":
                return expression
        raise NotCovered(f"the scalar {kind.name}")


class NeedsView(Exception):
    """A selection cannot be read from columns."""


def python_name(selected: SelectedField) -> str:
    """The name of a field in Python."""
    definition = selected.definition
    return str(definition.extensions["strawberry-definition"].python_name) if definition else TYPENAME


def _instant(value: Any) -> Any:
    return None if value is None else DATE_TIME.serialize(value)  # type: ignore[misc]  # it has one


def _optional(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) not in {Union, UnionType}:
        return kind, False
    (bare,) = (each for each in get_args(kind) if each is not NoneType)
    return bare, True
