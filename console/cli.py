"""``recognition``: the registry's command line. Each command is a few lines over the application."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from console import case_commands, catalog_commands, keys_commands, match_commands, projection_commands, serve_commands
from console.talk import err, told

app = typer.Typer(
    name="recognition",
    help="The recognition registry: foreign professional qualifications as professional titles, event by event.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(catalog_commands.app, name="catalog")
app.add_typer(case_commands.app, name="case")
app.add_typer(projection_commands.app, name="projections")
app.add_typer(keys_commands.app, name="keys")
app.command("serve")(serve_commands.serve)
app.command("demo")(serve_commands.demo)
app.command("token")(serve_commands.token)
app.command("match")(match_commands.match)


def main() -> None:
    """Run the command line; whatever a person can mend is one sentence, a defect keeps its traceback."""
    try:
        app()
    except Exception as error:
        known = told(error)
        if known is None:
            raise
        message, code = known
        err.print(f"[bold red]error:[/] {escape(message)}", highlight=False)
        sys.exit(code)


if __name__ == "__main__":
    main()
