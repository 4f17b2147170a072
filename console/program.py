"""The command line as one program: what every command has in common, whatever ends it.

Nothing but the standard library, typer and rich is imported before a command runs, so that help, completion and mistakes are
answered at once; a test holds that.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperGroup

from console.language import choose
from console.placing import forget_settings, placed
from console.talk import INTERRUPTED, PIPE_CLOSED, UNUSABLE, say_error

SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Group(TyperGroup):
    """A group of commands; called without one it shows its help, on standard error, since nothing was asked."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click; rich prints the help while the error is made that says there is no command."""
        with contextlib.nullcontext() if args else contextlib.redirect_stdout(sys.stderr):
            return super().parse_args(ctx, args)


class Program(Group):
    """The group of all commands. Its ``main`` ends in an exit code and, where something is wrong, in one sentence."""

    def main(self, args: Sequence[str] | None = None, *more: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command that the arguments name; in ``standalone_mode`` leave with its exit code."""
        choose(None)  # what an earlier command of this process was told is not told to this one
        words = placed(list(sys.argv[1:] if args is None else args))
        extra["standalone_mode"] = False
        try:
            code = run(words, lambda: super(Program, self).main(words, *more, **extra))
        finally:
            forget_settings()
        if standalone_mode:
            sys.exit(code)
        return code


def run(words: Sequence[str], command: Callable[[], Any]) -> int:
    """Run a command to its end and answer its exit code; what went wrong is said in one sentence on standard error."""
    try:
        code = _unreadable(words) or _run(command)
        sys.stdout.flush()
    except KeyboardInterrupt:
        say_error("Interrupted; what was not answered yet was not done.")
        return INTERRUPTED
    except BrokenPipeError:
        _read_no_more()
        return PIPE_CLOSED
    except OSError as error:  # standard output itself: a full disk, a device that is gone
        say_error(f"The answer can't be written ({error.strerror}); choose another place for it.")
        _read_no_more()
        return UNUSABLE
    return code


def _unreadable(words: Sequence[str]) -> int:
    """Refuse what neither a database nor a terminal can hold; a file may be named as its folder names it."""
    for word in words:
        if "\0" in word or (any("\ud800" <= each <= "\udfff" for each in word) and not os.path.lexists(word)):
            say_error("An argument holds U+0000, or bytes that are no UTF-8; write it in UTF-8.")
            return UNUSABLE
    return 0


def _run(command: Callable[[], Any]) -> int:
    try:
        code = command()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # how rich and typer leave then
            raise BrokenPipeError from None
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as error:  # what the arguments say is wrong: unknown, missing, of the wrong shape
        return _misused(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads a sentence
        return _failed(error)
    if code == INTERRUPTED:  # how typer answers Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _misused(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        return UNUSABLE
    message = error.format_message().strip()
    if context is not None:
        message = _with_nearest(error, message, context)
        message = f"{message.rstrip('.')}{'' if message.endswith('?') else '.'} See `{context.command_path} --help`."
    say_error(message[:1].upper() + message[1:])
    return UNUSABLE


def _with_nearest(error: typer.TyperException, message: str, context: Any) -> str:
    """An unknown option and the nearest one there is; typer itself does that for commands."""
    name = getattr(error, "option_name", None)
    if name is None or "Did you mean" in message:
        return message
    known = [each for param in context.command.get_params(context) for each in (*param.opts, *param.secondary_opts)]
    nearest = get_close_matches(name, [each for each in known if each.startswith("-")], n=1)
    shown = f"No such option: {name[:80]}."
    return f"{shown} Did you mean {nearest[0]}?" if nearest else shown


def _failed(error: Exception) -> int:
    from console.sentences import sentence_of

    known = sentence_of(error)
    if known is not None:
        say_error(known[0])
        return known[1]
    place = traceback.extract_tb(error.__traceback__)[-1]
    say_error(
        f"This is a defect of the registry ({type(error).__name__} at {Path(place.filename).name}:{place.lineno});"
        " nothing you typed should lead here: report it with the command, and `recognition --version`."
    )
    return UNUSABLE


def _read_no_more() -> None:
    """Nobody reads standard output any more: what Python still holds for it goes nowhere instead of failing at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no file behind it
        return
    finally:
        os.close(nowhere)
