"""``recognition``: the registry's command line. Each command is a few lines over the application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console import (
    attest_command,
    audit_commands,
    backup_commands,
    case_commands,
    catalog_commands,
    import_commands,
    keys_commands,
    match_commands,
    operation_commands,
    projection_commands,
    serve_commands,
)
from console.language import choose
from console.misuse import Misused
from console.placing import tell_settings
from console.program import SETTINGS, Commands, Program, ServerCommand
from console.remote import ask_command
from console.remote.address import tell_server
from console.talk import say
from domain.messages import Language, tell

RUN, LOOK, KEEP = "panel.run", "panel.look", "panel.keep"

app = Commands(
    "registry",
    name="recognition",
    cls=Program,
    context_settings=SETTINGS,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="help.registry.epilog",
)
app.command("serve", rich_help_panel=RUN)(serve_commands.serve)
app.command("demo", rich_help_panel=RUN)(serve_commands.demo)
app.command("token", rich_help_panel=RUN)(serve_commands.token)
app.command("match", cls=ServerCommand, rich_help_panel=LOOK)(match_commands.match)
app.command("ask", cls=ServerCommand, rich_help_panel=LOOK)(ask_command.ask)
app.command("attest", rich_help_panel=LOOK)(attest_command.attest)
app.command("import", rich_help_panel=KEEP)(import_commands.import_decisions)
app.add_typer(case_commands.app, name="case", rich_help_panel=LOOK)
app.add_typer(audit_commands.app, name="audit", rich_help_panel=LOOK)
app.add_typer(catalog_commands.app, name="catalog", rich_help_panel=LOOK)
app.add_typer(projection_commands.app, name="projections", rich_help_panel=KEEP)
app.command("doctor", rich_help_panel=KEEP)(operation_commands.doctor)
app.command("migrate", rich_help_panel=KEEP)(operation_commands.migrate)
app.command("backup", rich_help_panel=KEEP)(backup_commands.backup)
app.command("restore", rich_help_panel=KEEP)(backup_commands.restore)
app.add_typer(keys_commands.app, name="keys", rich_help_panel=KEEP)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"recognition {version('recognition-registry')}")
        raise typer.Exit


@app.callback()
def registry(
    version: Annotated[  # noqa: ARG001 - its callback answers it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="help.registry.version")
    ] = False,
    lang: Annotated[
        Language | None,
        typer.Option(
            "--lang",
            envvar="RECOGNITION_LANG",
            help="help.registry.lang",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="RECOGNITION_CONFIG", metavar="FILE", help="help.registry.config"),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="help.registry.data_dir")] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help="help.registry.database",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", envvar="RECOGNITION_SERVER", metavar="URL", help="help.registry.server"),
    ] = None,
) -> None:
    """What stands before every command: see ``group.registry``."""
    if lang is not None:
        choose(lang)
    if server is not None and (data_dir is not None or database is not None):
        raise Misused(tell("said.server.or_database"))
    tell_settings(config, data_dir, database)
    tell_server(server)
