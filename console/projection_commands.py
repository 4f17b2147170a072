"""``recognition projections``: how far the read models are, whether they are right, and making them anew."""

from __future__ import annotations

import typer

app = typer.Typer(help="The read models.", no_args_is_help=True)


@app.command()
def status() -> None:
    pass


@app.command()
def x() -> None:
    pass
