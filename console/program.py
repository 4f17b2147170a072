"""The command line as one program: what every command has in common, whatever ends it.

Nothing but the standard library, typer, rich and the catalogue of messages is imported before a command runs, so that help,
completion and mistakes are answered at once; a test holds that.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from console.helping import Command, Commands, Group, ServerCommand
from console.language import choose, language_first
from console.misuse import said_of
from console.placing import forget_settings, placed
from console.talk import INTERRUPTED, PIPE_CLOSED, UNUSABLE, say_error
from domain.messages import system_reason, tell

__all__ = ["SETTINGS", "Command", "Commands", "Group", "Program", "ServerCommand", "run"]

SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Program(Group):
    """The group of all commands. Its ``main`` ends in an exit code and, where something is wrong, in one sentence."""

    def main(self, args: Sequence[str] | None = None, *more: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command that the arguments name; in ``standalone_mode`` leave with its exit code."""
        choose(None)  # what an earlier command of this process was told is not told to this one
        words = placed(language_first(sys.argv[1:] if args is None else args))
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
        say_error(tell("cli.interrupted"))
        return INTERRUPTED
    except BrokenPipeError:
        _read_no_more()
        return PIPE_CLOSED
    except OSError as error:  # standard output itself: a full disk, a device that is gone
        say_error(tell("cli.answer_not_written", reason=system_reason(error)))
        _read_no_more()
        return UNUSABLE
    return code


def _unreadable(words: Sequence[str]) -> int:
    """Refuse what neither a database nor a terminal can hold; a file may be named as its folder names it."""
    for word in words:
        if "\0" in word or (any("\ud800" <= each <= "\udfff" for each in word) and not os.path.lexists(word)):
            say_error(tell("cli.argument_unreadable"))
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
        said = said_of(error)
        if said is not None:
            say_error(said)
        return UNUSABLE
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads a sentence
        return _failed(error)
    if code == INTERRUPTED:  # how typer answers Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    from console.sentences import sentence_of

    known = sentence_of(error)
    if known is not None:
        say_error(known[0])
        return known[1]
    place = traceback.extract_tb(error.__traceback__)[-1]
    say_error(tell("cli.defect", kind=type(error).__name__, place=f"{Path(place.filename).name}:{place.lineno}"))
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
