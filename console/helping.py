"""Help in the language that is spoken: what a command is for and what its options mean, told from the catalogue of messages.

In the code, ``help=`` and ``rich_help_panel=`` are keys of the catalogue; they are told when help is printed. So are the words
that typer itself puts around them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, ClassVar, Final, TypeVar

import typer
from rich.text import Text
from typer import rich_utils
from typer.core import TyperCommand, TyperGroup

from console.language import worded
from console.misuse import Misused
from console.remote.address import names_server
from domain.messages import tell
from domain.messages.sentences import sentence

T = TypeVar("T", bound=Callable[..., Any])


class _Folding(rich_utils.OptionHighlighter):
    """typer's own highlighter; what is longer than its column goes on in the next line, Chinese too, which has no spaces."""

    def highlight(self, text: Text) -> None:
        """See rich."""
        text.overflow = "fold"
        super().highlight(text)


_PLACE: Final = "{}"
"""Where typer writes a value into words of its own."""
_FOLDING: Final = _Folding()
_OWN: Final = {
    "--help": "help.registry.help",
    "--install-completion": "help.registry.install_completion",
    "--show-completion": "help.registry.show_completion",
}
"""Options that typer adds to commands."""


def spoken_help(key: str) -> str:
    """The help text of a key; what is no key of the catalogue is told as it is."""
    return key if sentence(key) is None else worded(tell(key))


class _Spoken:
    """What a command and a group have in common: help and usage in the language that is spoken."""

    options_metavar: str | None

    def format_help(self: Any, ctx: Any, formatter: Any) -> None:
        """See click."""
        rich_utils.ARGUMENTS_PANEL_TITLE = worded(tell("cli.arguments"))
        rich_utils.OPTIONS_PANEL_TITLE = worded(tell("cli.options"))
        rich_utils.COMMANDS_PANEL_TITLE = worded(tell("cli.commands"))
        rich_utils.DEFAULT_STRING = worded(tell("cli.default", value=_PLACE))
        rich_utils.ENVVAR_STRING = worded(tell("cli.variable", name=_PLACE))
        rich_utils.highlighter = _FOLDING
        rich_utils.REQUIRED_LONG_STRING = worded(tell("cli.required"))
        for param in self.get_params(ctx):
            _speak(param, "help", next((_OWN[each] for each in param.opts if each in _OWN), None))
        for each in (self, *getattr(self, "commands", {}).values()):
            for text in ("help", "epilog", "rich_help_panel"):
                _speak(each, text)
        super().format_help(ctx, formatter)  # type: ignore[misc]

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """See click."""
        self.options_metavar = f"[{worded(tell('cli.options')).upper()}]"
        if isinstance(self, TyperGroup):
            self.subcommand_metavar = worded(tell("cli.command_and_arguments"))
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=worded(tell("cli.usage")))


def _speak(thing: Any, name: str, key: str | None = None) -> None:
    """Set a text of a command or option to what its key tells; the key is kept, for the next time in another language."""
    kept = f"_{name}_key"
    key = key or getattr(thing, kept, None) or getattr(thing, name, None)
    if isinstance(key, str):
        setattr(thing, kept, key)
        setattr(thing, name, spoken_help(key))


class Command(_Spoken, TyperCommand):
    """A command whose help and whose mistakes are told in the language that is spoken."""

    from_server: ClassVar[bool] = False
    """Whether a server answers it too; else it is the operator's own, on the database."""

    def invoke(self, ctx: Any) -> Any:
        """See click; what no server answers is not asked of one."""
        if not self.from_server and names_server():
            raise Misused(tell("said.server.operators_own", command=ctx.command_path))
        return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click; more arguments than the command has are judged here."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise Misused(tell("cli.unexpected_arguments", arguments=rest), ctx=ctx)
        return rest


class ServerCommand(Command):
    """A command that a server answers too."""

    from_server = True


class Group(_Spoken, TyperGroup):
    """A group of commands; called without one it shows its help, on standard error, since nothing was asked."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click; rich prints the help while the error is made that says there is no command."""
        with contextlib.nullcontext() if args else contextlib.redirect_stdout(sys.stderr):
            rest = super().parse_args(ctx, args)
        named = rest or ctx._protected_args  # noqa: SLF001 - where click keeps the command that was named, and nowhere else
        if not named and not ctx.resilient_parsing:
            raise Misused(tell("cli.command_missing"), ctx=ctx)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """See click; a command that is not there names the nearest one."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            nearest = get_close_matches(name, list(self.commands), n=1)
            if not nearest:
                raise Misused(tell("cli.no_such_command", name=name[:80]), ctx=ctx)
            raise Misused(tell("cli.no_such_command_near", name=name[:80], nearest=nearest[0]), ctx=ctx)
        return super().resolve_command(ctx, args)


class Commands(typer.Typer):
    """A group of commands by its path, as ``audit.log``: what it is for is told under ``group.audit_log``, what its commands are for
    under ``command.audit.log.…``.
    """

    def __init__(self, path: str, **more: Any) -> None:
        told: dict[str, Any] = {"help": f"group.{path.replace('.', '_')}", "cls": Group, "no_args_is_help": True}
        super().__init__(**told | more)
        self._path = path

    def command(self, name: str | None = None, **more: Any) -> Callable[[T], T]:
        """See typer; the name of the command is that of the function, unless another is given."""

        def registered(function: T) -> T:
            word = name or function.__name__.rstrip("_").replace("_", "-")
            path = word if self._path == "registry" else f"{self._path}.{word}"
            told: dict[str, Any] = {"help": f"command.{path}", "cls": Command}
            return super(Commands, self).command(word, **told | more)(function)

        return registered
