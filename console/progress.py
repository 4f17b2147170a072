"""A bar on standard error for what takes long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

from console.language import worded
from console.talk import err
from domain.messages import Message

Progress: TypeAlias = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@contextlib.contextmanager
def progress(doing: Message) -> Iterator[Progress]:
    """A bar that says what is done, how far it is and for how long, as long as the context lasts."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(worded(doing)), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
