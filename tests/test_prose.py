"""No sentence for people stands in the code: all of them are in the catalogue of messages, in Chinese and English."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from tests.sources import Module, all_modules

PROSE: Final = re.compile(
    r"[A-Za-z’']{2,}[,;:]? [a-z’']{1,}[,;:]? [A-Za-z’']{2,}|[A-Za-z]{3,} [a-z]{2,}[.…]|[\u4e00-\u9fff]{2,}[，。；！？]"
)
"""Words of a sentence: three Latin ones with spaces between, two before a full stop, or ideographs with a mark of a sentence."""
CODE: Final = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|ORDER BY|GROUP BY|SET|GRANT|ALTER|CREATE|COPY|LOCK|JOIN|LIMIT|IS NOT NULL)\b"
    r"|\b(query|mutation|fragment) [A-Z(]|\{\s*\n|^\s*<|\\[bs(]|\(\?|\blambda |\(None if |\bis None else |::jsonb|\bfor \w in \w+\]|'none'|^ AS \w ON |RECOGNITION_TOKEN=|\bAND topic IN |^ANALYZE "
)
"""What is SQL, GraphQL, HTML, a pattern or written code: for machines."""
LOGGED: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "log_defect"})
DEVELOPERS: Final[Mapping[str, str]] = {
    "MessageDefect": "the catalogue itself is wrong, which its test finds",
    "ContextVar": "names a variable of the interpreter",
    "Thread": "names a thread",
}
"""What is called with words for whoever develops, beside the exceptions of Python itself, and on what ground."""
ELSEWHERE: Final[Mapping[str, str]] = {
    "registry_api": "descriptions of the schema, a contract for developers, of which there is one",
    "compiled": "why a document is interpreted and not compiled: for developers",
    "domain.case.guards": "the law behind each rule, printed in docs/rules.md",
    "domain.case.title_guards": "the law behind each rule, printed in docs/rules.md",
    "domain.case.imported_guards": "the law behind each rule, printed in docs/rules.md",
    "domain.decision_import": "the law behind each rule, printed in docs/rules.md",
    "domain.claim": "the law behind each rule, printed in docs/rules.md",
    "domain.entry_claim": "the law behind each rule, printed in docs/rules.md",
    "domain.officer": "the law behind each rule, printed in docs/rules.md",
    "domain.catalog.changes": "a ground that is recorded in an event, as data",
    "application.access": "the table of rights, printed in docs/permissions.md",
    "application.permissions": "the table of rights, printed in docs/permissions.md",
    "application.issuers": "a ground that is recorded in an event, as data",
    "application.pack.contents": "what the parts of a file are, written into the file for developers who read it",
    "infrastructure.audit.packing": "what the parts of a file are, written into the file for developers who read it",
    "application.personal_plan": "a view is declared wrongly: for developers, at import",
    "application.projections": "an event follows upon none that leads to it: a defect, logged",
    "application.event_records": "statements of functions that are written while running, and words of an error that is caught",
    "application.feed": "of an exception that is answered by a message of its own",
    "application.queries": "of an exception that is answered by a message of its own",
    "infrastructure.audit.streams": "names of columns",
    "infrastructure.jwks": "part of a line of the log of the server",
    "infrastructure.log.epochs": "a reason that is recorded, as data",
    "infrastructure.postgres.connection_strings": "what PostgreSQL says, looked for in its words",
    "infrastructure.postgres.sqlstates": "what PostgreSQL says, looked for in its words",
    "infrastructure.postgres.embedded": "what PostgreSQL says, looked for in its words",
    "infrastructure.postgres.factory": "the library is configured wrongly: for developers",
    "infrastructure.postgres.group_commit": "a save that is tried again, or an outage, which is told by a message of its own",
    "infrastructure.postgres.recorder": "a save that is tried again, or an outage, which is told by a message of its own",
    "infrastructure.sealing.directory": "a save that is tried again",
    "infrastructure.postgres.lines": "a connection that is given up and opened anew",
    "infrastructure.postgres.migrations": "names of settings",
    "domain.attestation.status_list": "why a status list is malformed, for developers who verify one",
    "catalog.files.decisions": "heads of columns by which a file is read",
    "catalog.files.certificates": "heads of columns by which a file is read",
    "console.metrics": "what figures are, for Prometheus, of which there is one text",
    "infrastructure.backup.restoring": "a reason that is recorded, as data",
    "console.demo": "what is typed into the demonstration's forms, in both languages",
    "console.case_reading": "a purpose that is recorded with an access, as data",
    "console.misuse": "what typer says, looked for in its words",
    "console.audit_pack": "names of facts, told by their heads",
    "console.projection_commands": "names of columns, told by their heads",
    "transport.documents": "a label of a counter",
    "transport.observing": "a label of figures",
    "transport.websocket": "reasons of closing, fixed by the protocol graphql-transport-ws",
    "transport.masking": "part of a line of the log of the server",
}
"""Modules whose texts that read as sentences are data, or for developers, and on what ground."""
BUILTIN: Final = frozenset(
    name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, BaseException)
)


def called(node: ast.AST) -> str:
    """What a call calls, by its last name."""
    return (getattr(node.func, "id", "") or getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""


def for_developers(above: list[ast.AST]) -> bool:
    """Whether what stands below these nodes is logged, or said to whoever develops."""
    names = {called(each) for each in above} - {""}
    return bool(names & (LOGGED | BUILTIN | DEVELOPERS.keys()))


def prose(module: Module) -> Iterator[tuple[int, str]]:
    """The texts of a module that a person could read as a sentence, each with its line."""

    def walk(node: ast.AST, above: list[ast.AST]) -> Iterator[tuple[int, str]]:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring, of whatever
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if PROSE.search(text) and not CODE.search(text) and not for_developers(above):
                yield node.lineno, text
        for each in ast.iter_child_nodes(node):
            yield from walk(each, [*above, node])

    yield from walk(module.tree, [])


def ground(name: str) -> str | None:
    """Why a module's prose is no sentence for people, if so."""
    return next((why for beginning, why in ELSEWHERE.items() if f"{name}.".startswith(f"{beginning}.")), None)


def test_no_sentence_stands_outside_the_catalogue():
    """A text that reads as a sentence is logged, is for developers, or stands in a module listed with its ground; every ground is used."""
    read, used = 0, set()
    found = []
    for module in all_modules():
        texts = list(prose(module))
        read += 1
        if texts and ground(module.name) is not None:
            used.add(next(each for each in ELSEWHERE if f"{module.name}.".startswith(f"{each}.")))
        elif texts:
            found += [f"{module.name}:{line} {text[:80]!r}" for line, text in texts]
    assert read > 300
    assert found == []
    assert used == ELSEWHERE.keys()


@pytest.mark.parametrize(
    "text",
    [
        "fail('There is no such file.')",
        "say(f'{count} entries of version {number} written.')",
        "raise MigrationError('The server takes no writes; name the primary.')",
        "note('没有该文件，请核对。')",
        "MESSAGE = 'the cell is missing; fill it in.'",
    ],
)
def test_a_sentence_in_the_code_is_found(text):
    """However it is said: at once, with facts in it, by an error or by way of a constant."""
    assert list(prose(Module("console.x", ast.parse(text))))


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    'Say what it is for, in a sentence.'",
        "log.warning('There is room again on the disk of %s.', folder)",
        "raise ValueError('a page of rows needs an order')",
        "SQL = 'SELECT name FROM pg_roles WHERE rolname = current_user'",
        "tell('case.closed', status=status)",
        "NAME = 'catalog history'",
    ],
)
def test_what_no_person_reads_is_passed_over(text):
    """Docstrings, lines of the log, words for developers, SQL, keys and names."""
    assert not list(prose(Module("console.x", ast.parse(text))))
