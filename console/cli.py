"""``recognition``: the registry's command line. Each command is a few lines over the application."""

from __future__ import annotations

from typing import Annotated

import typer

from console import (
    audit_commands,
    case_commands,
    catalog_commands,
    keys_commands,
    match_commands,
    projection_commands,
    serve_commands,
)
from console.program import SETTINGS, Program
from console.talk import say

RUN, LOOK, KEEP = "Run it", "Ask it", "Look after it"

app = typer.Typer(
    name="recognition",
    cls=Program,
    no_args_is_help=True,
    context_settings=SETTINGS,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Exit codes: 0 done; 1 the registry understood and refused, or found a fault; 2 the call can't be carried out as"
    " it stands. The registry is the one in RECOGNITION_DATA_DIR (./var) or DATABASE_URL.",
)
app.command("serve", rich_help_panel=RUN)(serve_commands.serve)
app.command("demo", rich_help_panel=RUN)(serve_commands.demo)
app.command("token", rich_help_panel=RUN)(serve_commands.token)
app.command("match", rich_help_panel=LOOK)(match_commands.match)
app.add_typer(case_commands.app, name="case", rich_help_panel=LOOK)
app.add_typer(catalog_commands.app, name="catalog", rich_help_panel=LOOK)
app.add_typer(audit_commands.app, name="audit", rich_help_panel=LOOK)
app.add_typer(projection_commands.app, name="projections", rich_help_panel=KEEP)
app.add_typer(keys_commands.app, name="keys", rich_help_panel=KEEP)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"recognition {version('recognition-registry')}")
        raise typer.Exit


@app.callback()
def registry(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The recognition registry: foreign professional qualifications as professional titles, event by event."""
