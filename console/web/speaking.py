"""In which language a page speaks, and the words on it: all from the one catalogue of messages, under ``page`` and ``word``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from starlette.requests import Request

from application.operations import AttestationKeyState, MaintenanceKind, MasterKeyState
from application.statistics import StatisticsKey
from domain.clocks import DeadlineState
from domain.identity_numbers import IdentityKind
from domain.messages import Fact, Language, tell
from domain.values import (
    AliasChangeKind,
    AliasKind,
    CaseStatus,
    DeadlineKind,
    EntryChangeKind,
    MatchOutcome,
    ProposalKind,
    ReviewOutcome,
    Role,
    TitleLevel,
    TitleStatus,
)
from transport.negotiation import media_ranges

LANGUAGE_COOKIE: Final = "language"
WORDS: Final[Mapping[str, type[Enum]]] = {
    "alias_change": AliasChangeKind,
    "alias_kind": AliasKind,
    "case": CaseStatus,
    "change": EntryChangeKind,
    "deadline": DeadlineKind,
    "deadline_state": DeadlineState,
    "identity": IdentityKind,
    "attestation_key": AttestationKeyState,
    "level": TitleLevel,
    "maintenance": MaintenanceKind,
    "master_key": MasterKeyState,
    "outcome": MatchOutcome,
    "proposal": ProposalKind,
    "review": ReviewOutcome,
    "role": Role,
    "statistics": StatisticsKey,
    "title": TitleStatus,
}
"""Lists whose members stand on pages by themselves, each under ``word.LIST.MEMBER``."""


def language_of_page(request: Request) -> Language:
    """What was chosen on a page, else what the browser asks for, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in set(Language):
        return Language(chosen)
    best, quality = Language.ZH, 0.0
    for each in media_ranges(request.headers.get("accept-language", "")):
        named = next((known for known in Language if known.value == each.kind.partition("-")[0]), None)
        if named is not None and each.quality > quality:
            best, quality = named, each.quality
    return best


class Speaker:
    """Says what stands on a page, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, key: str, /, **facts: Fact) -> str:
        """What the catalogue has under ``page.KEY``. Raises ``MessageDefect``."""
        return tell(f"page.{key}", **facts).text(self.language)

    def word(self, name: str, member: str | None) -> str:
        """The word for a member of a list; a dash for none."""
        return "—" if member is None else tell(f"word.{name}.{member}").text(self.language)
