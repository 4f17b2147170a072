"""How the command line talks: progress and prose on standard error, answers on standard output, one sentence an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer
from rich.console import Console

from domain.refusals import Refused

out: Final = Console()
err: Final = Console(stderr=True)

REFUSED: Final = 1
"""Exit code: the registry understood and refused, or found a fault it was asked to look for."""
UNUSABLE: Final = 2
"""Exit code: the call itself cannot be carried out as it stands (arguments, files, database)."""


def fail(message: str, code: int = UNUSABLE) -> NoReturn:
    """Say in one sentence what is wrong and what to do, and stop."""
    err.print(f"[bold red]error:[/] {message}", highlight=False)
    raise typer.Exit(code)


@contextmanager
def explaining() -> Iterator[None]:
    """Turn what the registry refuses, and a database that does not answer, into one sentence and an exit code."""
    try:
        yield
    except Refused as refused:
        fail(f"{refused.message} ({refused.code.value})", REFUSED)


def print_json(value: Any) -> None:
    """An answer for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
