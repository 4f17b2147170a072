"""Where settings come from besides the environment: a configuration file below it, options of the command line above it.

The file is TOML, a setting a line, under the names that the variables have without their prefix, in small letters: ``data_dir``,
``database_url``. A name that is no setting is refused with the nearest that is one, in the file and among the ``RECOGNITION_…``
variables: a mistyped name must not leave a default in force.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from domain.messages import Message, SpokenError, tell

PREFIX: Final = "recognition_"
CONFIG_VARIABLE: Final = "RECOGNITION_CONFIG"
BESIDE: Final = frozenset(
    {"recognition_lang", "recognition_token", "recognition_config", "recognition_backup_passphrase"}
)
"""Variables of single commands, which are no settings of an installation."""


class ConfigurationError(SpokenError):
    """A configuration that can't be used as it is written; the message holds no value of it."""

    code: str = "configuration"


@dataclass(frozen=True, slots=True)
class ToldSettings:
    """What the command line was told: a configuration file, and settings by name that go before all others."""

    file: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


told: ContextVar[ToldSettings] = ContextVar("what the command line was told of settings", default=ToldSettings())  # noqa: B039 - frozen, and its mapping is never written


def read_file(path: Path, known: Collection[str]) -> dict[str, Any]:
    """The settings of a configuration file. Raises ``ConfigurationError`` for one that is not there, malformed, or names what is no setting."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "UTF-8"
        raise ConfigurationError(tell("configuration.unreadable", file=str(path), reason=reason)) from None
    except tomllib.TOMLDecodeError as error:
        # The error's own words name line and column, and quote nothing of a value.
        raise ConfigurationError(tell("configuration.malformed", file=str(path), reason=str(error)[:120])) from None
    for name in found:
        if name not in known:
            raise ConfigurationError(_unknown(name, str(path), known))
    return found


def check_variables(environment: Iterable[str], known: Collection[str]) -> None:
    """Make sure that each variable with the project's prefix is one that is read. Raises ``ConfigurationError``."""
    for variable in sorted(environment):
        name = variable.lower()
        if name.startswith(PREFIX) and name not in BESIDE and name.removeprefix(PREFIX) not in known:
            variables = [f"{PREFIX}{each}".upper() for each in known]
            raise ConfigurationError(_unknown(variable, "", variables))


def _unknown(name: str, file: str, known: Collection[str]) -> Message:
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    shown = name[:80]
    if file:
        return (
            tell("configuration.unknown_nearest", name=shown, file=file, nearest=nearest[0])
            if nearest
            else tell("configuration.unknown", name=shown, file=file)
        )
    return (
        tell("configuration.unknown_variable_nearest", name=shown, nearest=nearest[0])
        if nearest
        else tell("configuration.unknown_variable", name=shown)
    )
