"""What a person reads where a call is wrong: an argument is missing, unknown or of another shape. One sentence, and where help is."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final
from uuid import UUID

import typer

from domain.messages import Message, tell

_SHAPES: Final[dict[Any, Message]] = {int: tell("cli.whole_number"), float: tell("cli.number"), UUID: tell("cli.uuid")}
_LONGEST: Final = 80
"""Characters that are quoted of what was typed."""


class Misused(typer.BadParameter):
    """A call, or the value of an argument, that is wrong, with the message that says how."""

    def __init__(self, said: Message, ctx: Any = None) -> None:
        super().__init__(str(said), ctx=ctx)
        self.said = said


def said_of(error: typer.TyperException) -> Message | None:
    """The sentence for a call that is wrong; None where help was printed instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return None
    context = getattr(error, "ctx", None)
    said = _said(error, context)
    return said if context is None else tell("cli.see_help", said=said, command=context.command_path)


def _said(error: Any, context: Any) -> Message:
    param = getattr(error, "param", None)
    match type(error).__name__:
        case "MissingParameter":
            return _missing(param)
        case "NoSuchOption":
            return _no_such_option(error.option_name, context)
        case "BadOptionUsage" if "does not take" in error.message:
            return tell("cli.option_takes_none", option=error.option_name)
        case "BadOptionUsage":
            return tell("cli.option_takes_one", option=error.option_name)
    reason = error.said if isinstance(error, Misused) else _shape(param)
    if param is not None and reason is not None:
        return tell("cli.invalid_value", name=_hint(param), reason=reason)
    return reason or tell("cli.misused", reason=error.format_message().strip().rstrip("."))


def _missing(param: Any) -> Message:
    choices = _choices(param)
    if choices:
        return tell("cli.choice_missing", name=_hint(param), choices=choices)
    if param.param_type_name == "argument":
        return tell("cli.argument_missing", name=_hint(param))
    return tell("cli.option_missing", name=_hint(param))


def _no_such_option(name: str, context: Any) -> Message:
    """An unknown option, and the nearest one there is."""
    known = [each for param in context.command.get_params(context) for each in (*param.opts, *param.secondary_opts)]
    nearest = get_close_matches(name, [each for each in known if each.startswith("-")], n=1)
    if nearest:
        return tell("cli.no_such_option_near", name=name[:_LONGEST], nearest=nearest[0])
    return tell("cli.no_such_option", name=name[:_LONGEST])


def _shape(param: Any) -> Message | None:
    """Which shape the value of an argument has, where its type says it."""
    if param is None:
        return None
    choices, kind = _choices(param), param.type_descriptor.annotation
    if choices:
        return tell("cli.one_of", choices=choices)
    if kind not in _SHAPES:
        return None
    least, most = param.min, param.max
    if least is None:
        return _SHAPES[kind]
    if most is None:
        return tell("cli.number_from", least=f"{least:g}")
    return tell("cli.number_between", least=str(least), most=str(most))


def _choices(param: Any) -> Sequence[str]:
    return tuple(str(getattr(each, "value", each)) for each in param.type_descriptor.choices or ())


def _hint(param: Any) -> str:
    return max(param.opts, key=len) if param.param_type_name == "option" else str(param.name)
