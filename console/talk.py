"""How the command line talks: progress and prose on standard error, answers on standard output, one sentence an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from console.http import GraphQLFailed
from domain.refusals import Refused
from infrastructure.postgres.errors import DatabaseUnavailableError

out: Final = Console()
err: Final = Console(stderr=True)

REFUSED: Final = 1
"""Exit code: the registry understood and refused, or found a fault it was asked to look for."""
UNUSABLE: Final = 2
"""Exit code: the call itself cannot be carried out as it stands (arguments, files, database)."""


def fail(message: str, code: int = UNUSABLE) -> NoReturn:
    """Say in one sentence what is wrong and what to do, and stop."""
    err.print(f"[bold red]error:[/] {escape(message)}", highlight=False)
    raise typer.Exit(code)


def told(error: BaseException) -> tuple[str, int] | None:
    """What a person should read of an error, and the exit code; None for a defect, which keeps its traceback."""
    match error:
        case Refused():
            return f"{error.message} ({error.code.value})", REFUSED
        case DatabaseUnavailableError():
            return f"{' '.join(str(error).split())} ({error.code})", UNUSABLE
        case GraphQLFailed():
            return str(error), UNUSABLE
        case ValidationError() if error.title == "Settings":
            faults = "; ".join(f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False))
            return f"A setting has the wrong shape: {faults}; correct it in the environment.", UNUSABLE
        case PermissionError() | FileNotFoundError():
            return (
                f"{error.strerror or error}: {error.filename or 'a file of the data directory'}; make it accessible.",
                UNUSABLE,
            )
        case _:
            return None


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    return name if name.startswith("DATABASE") else f"RECOGNITION_{name.upper()}"


@contextmanager
def explaining() -> Iterator[None]:
    """Turn what the registry refuses, and a database that does not answer, into one sentence and an exit code."""
    try:
        yield
    except Exception as error:
        known = told(error)
        if known is None:
            raise
        fail(*known)


def print_json(value: Any) -> None:
    """An answer for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
