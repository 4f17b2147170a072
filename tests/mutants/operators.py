"""What can be changed in a module, one small change at a time: each is a mistake that somebody could have made.

A ``Mutant`` is found again by its key, which holds no line number, so that a list of kept ones outlives edits elsewhere. Left alone
are docstrings, annotations, ``__all__``, imports, and ``slots``, which say nothing about what the code does.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

Members = Mapping[str, Sequence[str]]
"""The members of every enumeration of the project, by its name."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLED = {"any": "all", "all": "any", "min": "max", "max": "min"}
UNSAID = frozenset({"slots", "repr"})
"""Keywords that say how a value lies in memory or prints, and nothing else."""
PRINTED = "guard"
"""What this decorator is given is printed on the page of rules and does nothing."""
FOR_PROGRAMMERS = frozenset({"TypeError", "ValueError", "LookupError", "KeyError", "RuntimeError"})
"""Errors whose texts nobody but a programmer reads; whether they are raised is asked."""
TYPES = frozenset({"TypeVar", "NewType", "Callable", "Mapping", "Iterator", "Iterable"})
MARK = "✗"


@dataclass(frozen=True)
class Mutant:
    """One change: where it stands, what it makes of what, and whether it is in the body of a function, so that code can be swapped.

    ``ordinal`` tells equal changes of one place apart, in the order of the text.
    """

    path: str
    place: str
    line: int
    before: str
    after: str
    ordinal: int
    number: int
    in_function: bool = field(compare=False)

    @property
    def key(self) -> str:
        """The name by which the mutant is found again."""
        again = f" #{self.ordinal}" if self.ordinal > 1 else ""
        return f"{self.path} {self.place}: {self.before} → {self.after}{again}"


@dataclass
class _Edit:
    node: ast.AST
    before: str
    after: str
    apply: Callable[[], None]


def mutants(path: str, source: str, members: Members) -> list[Mutant]:
    """Every mutant of a module, in the order of its text."""
    return list(_mutants(path, source, tuple((name, tuple(each)) for name, each in members.items())))


@cache
def _mutants(path: str, source: str, known: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[Mutant, ...]:
    members = dict(known)
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for number, (edit, place, in_function) in enumerate(_edits(ast.parse(source), members)):
        name = (place, edit.before, edit.after)
        seen[name] += 1
        made.append(Mutant(path, place, edit.node.lineno, edit.before, edit.after, seen[name], number, in_function))
    return tuple(made)


def mutated(source: str, number: int, members: Members) -> ast.Module:
    """The module with the mutant of this number in it; lines are where they were."""
    tree = ast.parse(source)
    for each, (edit, _, _) in enumerate(_edits(tree, members)):
        if each == number:
            edit.apply()
            return ast.fix_missing_locations(tree)
    raise LookupError(number)


def enumerations(sources: Mapping[str, str]) -> Members:
    """The enumerations that these modules define, with their members."""
    found: dict[str, list[str]] = {}
    for source in sources.values():
        for node in ast.parse(source).body:
            bases = {base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)}
            if isinstance(node, ast.ClassDef) and bases & {"StrEnum", "Enum", "IntEnum"}:
                names = [each.targets[0] for each in node.body if isinstance(each, ast.Assign)]
                found[node.name] = [each.id for each in names if isinstance(each, ast.Name)]
    return found


def _edits(tree: ast.Module, members: Members) -> Iterator[tuple[_Edit, str, bool]]:
    """Edits are made lazily, and at most one is applied, so that the walk needs not see its own changes."""
    for statement in tree.body:
        yield from _walk(statement, tree.body, _name_of(statement), False, members)


def _name_of(statement: ast.AST) -> str:
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else "module"


def _walk(
    node: ast.AST, siblings: list[ast.stmt] | None, place: str, in_function: bool, members: Members
) -> Iterator[tuple[_Edit, str, bool]]:
    if place == "__all__" or _says_nothing(node):
        return
    edits = _of_statement(node, siblings) if siblings is not None else ()
    for edit in (*edits, *_of_expression(node, members)):
        yield edit, place, in_function
    named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    inner = (node.name if place == "module" else f"{place}.{node.name}") if named else place
    for name, each, among in _below(node):
        body = name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(each, among, inner, in_function or body, members)


def _below(node: ast.AST) -> Iterator[tuple[str, ast.AST, list[ast.stmt] | None]]:
    """The parts of a node that do something, each with its field and, for a statement, those that it stands among."""
    if _called(node) == "cast":
        yield "args", node.args[1], None
        return
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params", "ctx", "op", "ops"}:
            continue
        parts = value if isinstance(value, list) else [value]
        among = parts if parts and isinstance(parts[0], ast.stmt) else None
        for each in list(parts):
            if isinstance(each, ast.AST):
                yield name, each, among


def _called(node: ast.AST | None) -> str:
    """The name of what is called, where it has one."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _says_nothing(node: ast.AST) -> bool:
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    layout = isinstance(node, ast.keyword) and node.arg in UNSAID
    value = node.value if isinstance(node, ast.Assign) else None
    of_types = value.value if isinstance(value, ast.Subscript) else None
    names_types = _called(value) in TYPES or (isinstance(of_types, ast.Name) and of_types.id in TYPES)
    return (
        isinstance(node, ast.Import | ast.ImportFrom)
        or text
        or layout
        or names_types
        or _called(node) in {PRINTED, *FOR_PROGRAMMERS}
    )


def _of_statement(node: ast.AST, siblings: list[ast.stmt]) -> Iterator[_Edit]:
    before = ast.unparse(node).split("\n", 1)[0]
    assigned = getattr(node, "targets", [getattr(node, "target", None)])
    does = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await)
    sets = isinstance(node, ast.Assign) and all(isinstance(each, ast.Attribute | ast.Subscript) for each in assigned)
    if does or sets or isinstance(node, ast.Raise | ast.AugAssign | ast.Delete):
        yield _Edit(node, before, "pass", lambda: _swap(siblings, node, ast.Pass()))
    elif isinstance(node, ast.Break | ast.Continue):
        other = ast.Continue() if isinstance(node, ast.Break) else ast.Break()
        yield _Edit(node, before, ast.unparse(other), lambda: _swap(siblings, node, other))
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield _Edit(node, before, "return None", lambda: setattr(node, "value", ast.Constant(None)))


def _swap(siblings: list[ast.stmt], node: ast.AST, other: ast.stmt) -> None:
    siblings[:] = [ast.copy_location(other, node) if each is node else each for each in siblings]


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _of_expression(node: ast.AST, members: Members) -> Iterator[_Edit]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp():
            yield from _connected(node)
        case ast.UnaryOp(op=ast.Not()):
            yield _replaced(node, ast.Call(ast.Name("bool", ast.Load()), [node.operand], []))
        case ast.If() | ast.IfExp() | ast.While():
            yield from _negated(node, "test")
        case ast.Constant():
            yield from _constants(node)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            yield from _arithmetic(node)
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in members.get(name, ()):
            known = list(members[name])
            other = known[(known.index(attr) + 1) % len(known)]
            yield _Edit(node, ast.unparse(node), f"{name}.{other}", lambda: setattr(node, "attr", other))
        case ast.Call() if _called(node) != "cast":
            yield from _arguments(node)
        case _:
            yield from _left_out(node)


def _left_out(node: ast.AST) -> Iterator[_Edit]:
    """Elements, conditions and bounds that somebody could have forgotten."""
    match node:
        case ast.comprehension():
            for each in node.ifs:
                yield _without(each, node.ifs, each, "if ")
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
            for each in node.elts:
                yield _without(each, node.elts, each)
        case ast.Dict():
            for place, (label, each) in enumerate(zip(node.keys, node.values, strict=True)):
                before = f"{ast.unparse(label)}: {_short(each)}" if label else f"**{_short(each)}"
                yield _Edit(each, before, "nothing", lambda at=place: _drop_pair(node, at))
        case ast.Slice():
            for bound in ("lower", "upper"):
                if (each := getattr(node, bound)) is not None:
                    copy = ast.Slice(**{"lower": node.lower, "upper": node.upper, "step": node.step, bound: None})
                    drop = partial(setattr, node, bound, None)
                    yield _Edit(each, ast.unparse(node), ast.unparse(copy), drop)


def _drop_pair(node: ast.Dict, at: int) -> None:
    del node.keys[at], node.values[at]


def _comparisons(node: ast.Compare) -> Iterator[_Edit]:
    before = ast.unparse(node)
    for place, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            ops = [other() if at == place else each for at, each in enumerate(node.ops)]
            after = ast.unparse(ast.Compare(node.left, ops, node.comparators))
            yield _Edit(node, before, after, lambda new=ops: setattr(node, "ops", new))


def _connected(node: ast.BoolOp) -> Iterator[_Edit]:
    before = ast.unparse(node)
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield _Edit(node, before, ast.unparse(ast.BoolOp(other, node.values)), lambda: setattr(node, "op", other))
    for each in node.values:
        rest = [value for value in node.values if value is not each]
        after = ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])
        neutral = ast.Constant(isinstance(node.op, ast.And))
        yield _Edit(each, before, after, lambda new=[neutral, *rest]: setattr(node, "values", new))


def _negated(node: ast.If | ast.IfExp | ast.While, name: str) -> Iterator[_Edit]:
    test = getattr(node, name)
    if (isinstance(test, ast.Compare) and len(test.ops) == 1) or isinstance(test, ast.UnaryOp):
        return
    other = ast.UnaryOp(ast.Not(), test)
    yield _Edit(test, f"if {ast.unparse(test)}", f"if {ast.unparse(other)}", lambda: setattr(node, name, other))


def _constants(node: ast.Constant) -> Iterator[_Edit]:
    match node.value:
        case bool(value):
            other = not value
        case int(value):
            other = value + 1
        case str(value):
            other = f"{value}{MARK}"
        case _:
            return
    yield _Edit(node, repr(node.value), repr(other), lambda: setattr(node, "value", other))


def _arithmetic(node: ast.BinOp) -> Iterator[_Edit]:
    other = ARITHMETIC[type(node.op)]()
    after = ast.unparse(ast.BinOp(node.left, other, node.right))
    yield _Edit(node, ast.unparse(node), after, lambda: setattr(node, "op", other))


def _arguments(node: ast.Call) -> Iterator[_Edit]:
    name = _called(node)
    if name in CALLED:
        yield _Edit(
            node, ast.unparse(node), CALLED[name], lambda: setattr(node, "func", ast.Name(CALLED[name], ast.Load()))
        )
    for each in node.keywords:
        flag = isinstance(each.value, ast.Constant) and isinstance(each.value.value, bool)
        if each.arg is not None and each.arg not in UNSAID and not flag:
            yield _without(each.value, node.keywords, each)
    if len(node.args) > 2:
        yield _without(node.args[-1], node.args, node.args[-1])


def _without(place: ast.AST, among: list, each: ast.AST, prefix: str = "") -> _Edit:
    return _Edit(place, prefix + _short(each), "nothing", lambda: among.remove(each))


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.keyword):
        return f"{node.arg}={ast.unparse(node.value)}"
    return ast.unparse(node)


def _replaced(node: ast.UnaryOp, other: ast.Call) -> _Edit:
    def apply() -> None:
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)

    return _Edit(node, ast.unparse(node), ast.unparse(other), apply)
