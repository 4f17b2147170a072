"""The file in which stands what differs from province to province, and the province that follows from it.

``jurisdiction.toml`` beside this module is Zhejiang's. Whoever recognises in another province writes one of their own, with their
notice, divisions, provincial units, aliases and words beside it; no code changes.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from catalog.faults import Fault, FaultCode, SourceRefused
from catalog.working_days import working_calendar
from domain.jurisdiction import ProvincialRules, Said
from domain.messages import tell

T = TypeVar("T", bound=BaseModel)

_NAME: Final = "jurisdiction.toml"


def _beside(name: str) -> str:
    """A path with no way out of its folder. Raises ``ValueError``."""
    if any(part in {"", ".", ".."} for part in name.split("/")) or "\\" in name:
        raise ValueError("name a file in the folder of this one, as notices/2025.txt")
    return name


_FilePath = Annotated[str, AfterValidator(_beside)]
"""A file beside the jurisdiction's own."""
_RULES: Final = {
    "province": ("division", "name_zh", "name_en", "case_prefix", "commencement"),
    "working_days": ("beyond_known_years",),
}
"""Sections of the file whose keys are rules of their own; other rules are a section each."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogFiles(_Section):
    """The official catalog: its code, its notice, and what matching knows beside it."""

    code: str
    notice: _FilePath
    aliases: tuple[_FilePath, ...] = ()
    vocabulary: tuple[_FilePath, ...] = ()


class AuthorityFiles(_Section):
    """Divisions and provincial units, and what the two kinds of bureau are called after."""

    divisions: _FilePath
    units: _FilePath
    economy: Said
    human_resources: Said


class _Files(_Section):
    catalog: CatalogFiles
    authorities: AuthorityFiles


@dataclass(frozen=True)
class Jurisdiction:
    """A province as its file has it: its rules, and the files of its catalog and its authorities."""

    rules: ProvincialRules
    catalog: CatalogFiles
    authorities: AuthorityFiles
    folder: Traversable

    def text(self, name: str) -> str:
        """One of its files. Raises ``SourceRefused`` where it is not there or not in UTF-8."""
        try:
            return self.folder.joinpath(name).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            message = tell("fault.unreadable_beside", reason=type(error).__name__)
            raise SourceRefused(name, (Fault(FaultCode.UNREADABLE, message),)) from None


@cache
def load_jurisdiction(path: Path | None = None) -> Jurisdiction:
    """The province of a file, by default of the one that is shipped. Raises ``SourceRefused`` with every fault at its place."""
    source: Traversable = files("catalog").joinpath(_NAME) if path is None else path
    folder = files("catalog") if path is None else path.absolute().parent
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        message = tell("fault.unreadable", reason=type(error).__name__)
        raise SourceRefused(str(path), (Fault(FaultCode.UNREADABLE, message),)) from None
    return parse_jurisdiction(text, _NAME if path is None else str(path), folder)


def parse_jurisdiction(text: str, source: str, folder: Traversable) -> Jurisdiction:
    """Read a jurisdiction from TOML; raises ``SourceRefused`` with every fault at once, each named by its place in the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SourceRefused(source, (Fault(FaultCode.UNREADABLE, tell("fault.no_toml", reason=str(error))),)) from None
    faults: list[Fault] = []
    named = _read(_Files, {name: document.pop(name) for name in ("catalog", "authorities") if name in document}, faults)
    rules = _read(ProvincialRules, _flat(document, named), faults)
    if named is None or rules is None:
        raise SourceRefused(source, tuple(faults))
    return Jurisdiction(rules, named.catalog, named.authorities, folder)


def _flat(document: dict[str, Any], named: _Files | None) -> dict[str, Any]:
    """The rules as the domain has them: the keys of some sections stand by themselves, the catalog's code and the country's calendar among them."""
    rules: dict[str, Any] = {}
    for name, section in document.items():
        if name in _RULES and isinstance(section, dict):
            rules |= {key if key in _RULES[name] else f"{name}.{key}": value for key, value in section.items()}
        else:
            rules[name] = section
    return {"calendar": working_calendar()} | rules | {"catalog_code": named.catalog.code if named else "unread"}


def _read(kind: type[T], content: dict[str, Any], faults: list[Fault]) -> T | None:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        for each in error.errors(include_input=False, include_url=False):
            sentence = each["msg"].removeprefix("Value error, ")
            faults.append(
                Fault(FaultCode.VALUE_UNKNOWN, tell("fault.rule_malformed", place=_place(each["loc"]), reason=sentence))
            )
        return None


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the file it stands, as ``periods.decide.days`` or ``competences[2].levels``."""
    parts = list(location)
    for section, keys in _RULES.items():
        if parts and parts[0] in keys:
            parts.insert(0, section)
    if parts == ["catalog_code"]:
        parts = ["catalog", "code"]
    place = ""
    for part in parts:
        place += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return f"`{place or 'rules'}`"
