"""How the command line talks: answers on standard output, everything else on standard error, one sentence an error."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, NoReturn

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from console.language import Said, worded
from domain.messages import Message, tell
from domain.messages.sentences import sentence

out: Final = Console()
err: Final = Console(stderr=True)

REFUSED: Final = 1
"""Exit code: the registry understood and refused, or found a fault it was asked to look for."""
UNUSABLE: Final = 2
"""Exit code: the call cannot be carried out as it stands (arguments, files, settings, database)."""
INTERRUPTED: Final = 130
"""Exit code: ended by Ctrl-C, as shells count it (128 and the signal's number)."""
PIPE_CLOSED: Final = 141
"""Exit code: whoever read the output has stopped reading, likewise."""

LONGEST: Final = 1_000
"""Characters of a message at most; what it quotes may be as long as somebody typed it."""
POSITIONS: Final = frozenset({"position", "head", "comparedAt"})
"""Keys under which a position stands: a string for programs, as in the API, since it may outgrow what JSON numbers keep."""


def fail(message: Said, code: int = UNUSABLE) -> NoReturn:
    """Say in one sentence what is wrong and what to do, and stop."""
    say_error(message)
    raise typer.Exit(code)


def say_error(message: Said) -> None:
    """One sentence on standard error; line feeds and control characters of what it quotes are no part of it."""
    with contextlib.suppress(OSError, SystemExit):  # nobody reads it: the exit code says the rest
        head = escape(worded(tell("cli.error")))
        err.print(f"[bold red]{head}[/]{escape(one_line(worded(message)))}", highlight=False, soft_wrap=True)


def note(message: Said, colour: str = "yellow") -> None:
    """A line beside the answer, on standard error."""
    err.print(f"[{colour}]·[/] {escape(one_line(worded(message)))}", highlight=False, soft_wrap=True)


def say(message: Said = "", style: str | None = None) -> None:
    """A line of an answer, as it is: nothing in it is markup, and it is cut nowhere."""
    out.print(escape(worded(message)), style=style, highlight=False, soft_wrap=True)


def one_line(text: str) -> str:
    """A text without what moves a terminal's cursor, and of a length that a person reads."""
    seen = text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
    return " ".join("".join(each if each.isprintable() or each.isspace() else "\ufffd" for each in seen).split())


def print_json(value: Any) -> None:
    """An answer for programs: keys as the API's, positions as strings, days and instants in ISO 8601.

    Where standard output cannot hold every character, JSON's own escapes do.
    """
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("_", "-")
    ascii_only = encoding not in {"utf-8", "utf8"}
    sys.stdout.write(json.dumps(jsonable(value), ensure_ascii=ascii_only, indent=2) + "\n")


def jsonable(value: Any) -> Any:
    """A value as JSON has it: the fields of a dataclass or model in camel case, keys of a mapping as they are."""
    match value:
        case Enum():
            return jsonable(value.value)
        case Message():
            return str(value)
        case None | bool() | float() | int() | str():
            return value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): _member(str(key), each) for key, each in value.items()}
        case list() | tuple():
            return [jsonable(each) for each in value]
        case set() | frozenset():
            return sorted(map(jsonable, value))
    names = _fields(value)
    return str(value) if names is None else {camel(name): _member(camel(name), getattr(value, name)) for name in names}


def _fields(value: Any) -> Sequence[str] | None:
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    found = getattr(type(value), "model_fields", None)
    return None if found is None else list(found)


def camel(name: str) -> str:
    """``work_field`` as the API writes it: ``workField``."""
    head, *rest = name.split("_")
    return head + "".join(each.capitalize() for each in rest)


def _member(key: str, value: Any) -> Any:
    return str(value) if key in POSITIONS and isinstance(value, int) else jsonable(value)


def print_rows(title: Said, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    r"""Rows of an answer, under heads that are told by their names in the catalogue of messages. On a terminal a table, or, where that would have to cut words, one block a row; elsewhere lines of
    cells parted by tabs under a line of heads, with tabs, line feeds and backslashes in a cell written ``\t``, ``\n``, ``\\``.
    """
    columns = [head_of(each) for each in columns]
    texts = [[_text(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for line in ([*columns], *texts):
            sys.stdout.write("\t".join(map(_plain, line)) + "\n")
    elif _fits(columns, texts):
        out.print(_table(worded(title), columns, texts))
    else:
        say(title, "bold")
        for row in texts:
            say()
            print_pairs(None, list(zip(columns, row, strict=True)))


def head_of(name: Said) -> str:
    """How a column or a fact is called, by its name for programs: ``matches derived``, ``fromVersion``."""
    if isinstance(name, Message):
        return worded(name)
    key = f"head.{name.replace(' ', '_')}"
    return name if sentence(key) is None else worded(tell(key))


def print_pairs(title: Said | None, pairs: Sequence[tuple[Said, Any]]) -> None:
    """The facts of one thing: name and value, a line each; parted by a tab where no terminal reads them."""
    named = [(head_of(name), value) for name, value in pairs]
    if not sys.stdout.isatty():
        for name, value in named:
            sys.stdout.write(f"{_plain(name)}\t{_plain(_text(value))}\n")
        return
    if title:
        say(title, "bold")
    width = max(cell_len(name) for name, _ in named)
    for name, value in named:
        # soft wrapping: a line that is too long goes on in the next, by the terminal itself, and nothing is lost
        label = name + " " * (width - cell_len(name))
        for number, line in enumerate(_text(value).split("\n")):
            head = label if number == 0 else " " * width
            out.print(f"[dim]{escape(head)}[/]  {escape(line)}", highlight=False, soft_wrap=True)


def _fits(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    longest = [max(_longest_word(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    return sum(longest) + 3 * len(columns) + 1 <= out.width


def _longest_word(text: str) -> int:
    return max((min(cell_len(word), 12) if not word.isascii() else cell_len(word) for word in text.split()), default=0)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(
        title=escape(title) or None, show_lines=any("\n" in cell or len(cell) > 40 for row in rows for cell in row)
    )
    for column in columns:
        table.add_column(escape(column), overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return worded(tell("cli.yes") if value else tell("cli.no"))
        case Message():
            return worded(value)
        case list() | tuple():
            return " ".join(map(_text, value))
        case datetime():
            return value.isoformat(timespec="seconds").replace("+00:00", "Z")
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def _plain(text: str) -> str:
    for sign, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, written)
    return text
