"""Where an event class keeps personal data, read once from its annotations.

A plan is a tree in the shape of the event's JSON. Its leaves are the fields marked with ``PersonalData``; a class without
any has no plan, so that its events pass storage untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from domain.base import Event
from domain.values import PersonalData

__all__ = ["EventClassError", "Plan", "check_event_classes", "personal_paths", "plan_of"]


class EventClassError(TypeError):
    """An event class cannot be sealed or read back as it is declared; found at start-up, before anything is stored."""


@dataclass(frozen=True, slots=True)
class _MarkedField:
    """A marked field."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """A model with marked fields somewhere below these names."""

    children: Mapping[str, _Node]


@dataclass(frozen=True, slots=True)
class _Each:
    """A list whose elements hold marked fields."""

    element: _Node


_Node = _MarkedField | _Fields | _Each
_Visit = Callable[[str, Any], Any]
"""What stands in place of a personal value, given its path."""
_Below = Sequence[tuple[str, Callable[[Any, _Visit], Any]]]
_FIRST: Final = 16
"""Elements of a list whose paths are written once a class."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The personal fields of one event class, and where the class names its holder.

    ``paths`` are patterns such as ``holder.name`` and ``experience.*.employer``; ``holder_path`` leads to the reference.
    """

    replacing: Callable[[Any, _Visit], Any]
    paths: tuple[str, ...]
    holder_path: tuple[str, ...]

    def replace(self, state: dict[str, Any], visit: _Visit) -> None:
        """Replace, in place, each personal value of an event's JSON by ``visit(path, value)``; None stays None."""
        self.replacing(state, visit)

    def holder_ref(self, state: dict[str, Any]) -> UUID:
        """The reference of the holder whom an event's JSON is about. Raises ``KeyError`` or ``ValueError`` without one."""
        value: Any = state
        for name in self.holder_path:
            value = value[name]
        return UUID(value)


@cache
def plan_of(event_class: type[Event]) -> Plan | None:
    """The plan of an event class, computed once; None without personal fields.

    Raises ``EventClassError`` where a personal field could not be sealed, or where the class cannot name its holder.
    """
    root = _node_of_model(event_class, event_class.__name__, ())
    if root is None:
        return None
    return Plan(_replacing(root, ""), tuple(_patterns(root, "")), _holder_path(event_class))


def personal_paths(event_class: type[Event]) -> tuple[str, ...]:
    """The personal fields of an event class as patterns (``experience.*.employer``), in order of declaration."""
    plan = plan_of(event_class)
    return plan.paths if plan else ()


def check_event_classes(event_classes: Iterable[type[Event]]) -> int:
    """Assert that storage can seal and read back every class; answers how many it examined.

    Raises ``EventClassError`` for personal fields that cannot be sealed, a class that cannot name its holder, or a missing
    upcast between two class versions.
    """
    examined = 0
    for event_class in event_classes:
        plan_of(event_class)
        for version in range(1, event_class.class_version):
            name = f"upcast_v{version}_v{version + 1}"
            if not callable(getattr(event_class, name, None)):
                raise EventClassError(
                    f"{event_class.__qualname__} is at version {event_class.class_version} without {name}."
                )
        examined += 1
    return examined


def _replacing(node: _Node, path: str) -> Callable[[Any, _Visit], Any]:
    """What replaces, in place, the personal values below a node at this path, which are not None."""
    match node:
        case _MarkedField():
            return lambda value, visit: visit(path, value)
        case _Fields(children):
            below = [(name, _replacing(child, f"{path}.{name}" if path else name)) for name, child in children.items()]
            return lambda value, visit: _replace_fields(below, value, visit)
        case _Each(element):
            first = [_replacing(element, f"{path}.{index}") for index in range(_FIRST)]
            return lambda value, visit: _replace_each(element, path, first, value, visit)


def _replace_fields(below: _Below, value: Any, visit: _Visit) -> Any:
    if isinstance(value, dict):
        for name, replaced in below:
            inner = value.get(name)
            if inner is not None:
                value[name] = replaced(inner, visit)
    return value


def _replace_each(
    element: _Node, path: str, first: Sequence[Callable[[Any, _Visit], Any]], value: Any, visit: _Visit
) -> Any:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if item is not None:
                replaced = first[index] if index < _FIRST else _replacing(element, f"{path}.{index}")
                value[index] = replaced(item, visit)
    return value


def _patterns(node: _Node, path: str) -> Iterator[str]:
    match node:
        case _MarkedField():
            yield path
        case _Each(element):
            yield from _patterns(element, f"{path}.*")
        case _Fields(children):
            for name, child in children.items():
                yield from _patterns(child, f"{path}.{name}" if path else name)


def _node_of_model(model: type[BaseModel], where: str, outer: tuple[type[BaseModel], ...]) -> _Node | None:
    if model in outer:
        raise EventClassError(f"{where} contains itself; personal data must stand at a finite depth.")
    children: dict[str, _Node] = {}
    for name, field in model.model_fields.items():
        place = f"{where}.{name}"
        annotation: Any = field.annotation
        if any(isinstance(mark, PersonalData) or mark is PersonalData for mark in field.metadata):
            annotation = Annotated[annotation, PersonalData()]
        node = _node_of(annotation, place, (*outer, model))
        if node is not None:
            children[name] = node
    return _Fields(children) if children else None


def _node_of(annotation: Any, where: str, outer: tuple[type[BaseModel], ...]) -> _Node | None:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any(isinstance(mark, PersonalData) or mark is PersonalData for mark in arguments[1:]):
            if NoneType not in get_args(arguments[0]):
                raise EventClassError(f"{where} is personal but never None; erased data reads as None.")
            return _MarkedField()
        return _node_of(arguments[0], where, outer)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _node_of_model(annotation, where, outer)
    if origin in (Union, UnionType):
        parts = [_node_of(part, where, outer) for part in arguments if part is not NoneType]
        return _merged(parts, where)
    if origin in (tuple, list):
        element = _merged([_node_of(part, where, outer) for part in arguments if part is not Ellipsis], where)
        return _Each(element) if element else None
    if any(_node_of(part, where, outer) for part in arguments):
        raise EventClassError(f"{where} keeps personal data in a {origin}; use models, tuples or lists.")
    return None


def _merged(nodes: Collection[_Node | None], where: str) -> _Node | None:
    """One node for alternatives; a value that is personal in one alternative must be personal in all."""
    found = [node for node in nodes if node is not None]
    if not found:
        return None
    if all(node == found[0] for node in found) and (len(found) == len(nodes) or not isinstance(found[0], _MarkedField)):
        return found[0]
    if not all(isinstance(node, _Fields) for node in found):
        raise EventClassError(f"{where} is personal in one alternative and not in another.")
    names = {name: None for node in found if isinstance(node, _Fields) for name in node.children}
    children = {
        name: _merged(
            [n.children[name] for n in found if isinstance(n, _Fields) and name in n.children], f"{where}.{name}"
        )
        for name in names
    }
    return _Fields({name: node for name, node in children.items() if node is not None})


def _holder_path(event_class: type[Event]) -> tuple[str, ...]:
    fields = event_class.model_fields
    if "holder_ref" in fields and fields["holder_ref"].annotation is UUID:
        return ("holder_ref",)
    holder: Any = fields["holder"].annotation if "holder" in fields else None
    if isinstance(holder, type) and issubclass(holder, BaseModel):
        reference = holder.model_fields.get("ref")
        if reference is not None and reference.annotation is UUID:
            return ("holder", "ref")
    raise EventClassError(
        f"{event_class.__qualname__} holds personal data but neither holder_ref nor holder.ref, as UUID."
    )
