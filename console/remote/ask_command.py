"""``recognition ask``: a document of GraphQL, ready or one's own, sent to a server, and its answer for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from console.acting import Token
from console.remote.asking import server_for
from console.talk import REFUSED, fail, print_json
from domain.messages import tell

_LARGEST: Final = 1024 * 1024
"""Bytes of a document and of a file of variables."""
_TEXTS: Final = frozenset({"String", "ID"})


def ask(
    document: Annotated[str, typer.Argument(help="help.ask.document")],
    variable: Annotated[
        list[str] | None, typer.Option("--variable", metavar="NAME=VALUE", help="help.ask.variable")
    ] = None,
    variables: Annotated[Path | None, typer.Option("--variables", metavar="FILE", help="help.ask.variables")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="help.ask.reason")] = None,
    token: Token = None,
) -> None:
    """``recognition ask``: see ``command.ask``."""
    server = server_for(token, reason)
    if server is None:
        fail(tell("said.ask.no_server"))
    text = _document(document)
    kind, types = _declared(text)
    given = {**_of_file(variables), **dict(_named(each, types) for each in variable or ())}
    answer = server.send(text, given, reads=kind == "query")
    wrong = answer.wrong()
    if answer.whole.get("data") is not None:
        print_json(answer.whole)
    if wrong is not None:
        fail(wrong, REFUSED)


def ready() -> Mapping[str, Path]:
    """The ready documents, by their names without the number."""
    from registry_api.examples import OPERATIONS

    return {each.stem.partition("-")[2]: each for each in sorted(OPERATIONS.glob("*.graphql"))}


def _document(named: str) -> str:
    known = ready()
    path = known.get(named) or next((each for each in known.values() if each.stem == named), Path(named))
    try:
        return _text(path)
    except FileNotFoundError:
        fail(tell("said.ask.no_document", names=tuple(known)))


def _text(path: Path) -> str:
    """The text of a file. Raises ``OSError``, ``UnicodeError``."""
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        fail(tell("said.ask.too_large", file=str(path)))
    return content.decode("utf-8")


def _declared(text: str) -> tuple[str, Mapping[str, str]]:
    """What kind of operation a document is, and the names of its variables with their types, ``!`` left out."""
    from graphql import GraphQLError, OperationDefinitionNode, parse, print_ast

    try:
        definitions = parse(text).definitions
    except (GraphQLError, RecursionError):
        fail(tell("said.ask.no_graphql"))
    found = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    if len(found) != 1 or found[0].operation.value == "subscription":
        fail(tell("said.ask.one_operation"))
    types = {
        each.variable.name.value: print_ast(each.type).removesuffix("!") for each in found[0].variable_definitions or ()
    }
    return found[0].operation.value, types


def _of_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(_text(path))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        fail(tell("said.ask.no_variables", file=str(path), brackets='{"name": "value"}'))
    return found


def _named(text: str, types: Mapping[str, str]) -> tuple[str, Any]:
    """A variable by its name: a text as it stands where its type is one, else as JSON, or as it stands where it is none."""
    name, sign, value = text.partition("=")
    if not sign or name not in types:
        fail(tell("said.ask.no_variable", names=_or_none(tuple(types))))
    if types[name] in _TEXTS:
        return name, value
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def _or_none(names: Sequence[str]) -> Sequence[str]:
    return names or ("–",)
