"""``recognition``: the registry's command line. Each command is a few lines over the application."""

from __future__ import annotations

import typer

from console import case_commands, catalog_commands, match_commands, projection_commands, serve_commands
from console.talk import explaining

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
app.command("serve")(serve_commands.serve)
app.command("demo")(serve_commands.demo)
app.command("token")(serve_commands.token)
app.command("match")(match_commands.match)


def main() -> None:
    """Run the command line."""
    with explaining():
        app()


if __name__ == "__main__":
    main()
