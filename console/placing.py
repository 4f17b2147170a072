"""Which registry a command is about, as its options say, which stand anywhere on the line: ``--config``, ``--data-dir``, ``--database``
and ``--server``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from console.remote.address import tell_server

OPTIONS: Final = ("--config", "--data-dir", "--database", "--server")


def placed(words: Sequence[str]) -> list[str]:
    """The words of a command line with these options, and their values, in front of the command; what follows ``--`` stays."""
    end = list(words).index("--") if "--" in words else len(words)
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(words[:end])
    for word in waiting:
        if word in OPTIONS:
            front += [word, *([value] if (value := next(waiting, None)) is not None else [])]
        elif word.partition("=")[0] in OPTIONS:
            front.append(word)
        else:
            rest.append(word)
    return [*front, *rest, *words[end:]]


def tell_settings(config: Path | None, data_dir: Path | None, database: str | None) -> None:
    """Let every setting of this command be read with these in front. A database that is named here has no other owner than its own user."""
    if config is None and data_dir is None and database is None:
        forget_settings()
        return
    from infrastructure.configuration import ToldSettings, told

    settings: dict[str, object] = {}
    if data_dir is not None:
        settings["data_dir"] = data_dir
    if database is not None:
        settings |= {"database_url": database, "database_owner_url": None}
    told.set(ToldSettings(config, settings))


def forget_settings() -> None:
    """What an earlier command of this process was told is not told to this one."""
    import sys

    tell_server(None)
    configuration = sys.modules.get("infrastructure.configuration")
    if configuration is not None:
        configuration.told.set(configuration.ToldSettings())
