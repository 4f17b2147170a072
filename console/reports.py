"""Long lists on the command line: a report that is whole or not there, and how far the work is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from console.talk import err, fail
from domain.messages import system_reason, tell

if TYPE_CHECKING:
    from rich.progress import Progress

_PARTIAL: Final = ".partial"


@contextlib.contextmanager
def written_whole(report: Path) -> Iterator[TextIO]:
    """The report, whole or not at all: a run that stops leaves the former report and a file beside it that ends in
    ``.partial``, which the next run replaces. With a mark, so that spreadsheets read it as UTF-8.
    """
    unfinished = report.with_name(report.name + _PARTIAL)
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="") as sheet:
            yield sheet
        unfinished.replace(report)
    except OSError as error:
        fail(tell("said.file.not_written", file=str(report), reason=system_reason(error)))


@contextlib.contextmanager
def counting() -> Iterator[Progress]:
    """A bar on standard error that says how many are done of how many, gone when all are."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        yield progress
