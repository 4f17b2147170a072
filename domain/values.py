"""The values that events, commands and views share.

Business dates are calendar days in Asia/Shanghai; instants are aware UTC. Text is normalised (NFC, white space folded)
before it reaches an event. Personal data is marked where it stands, with ``Personal``, so that storage can seal it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.messages import Message, facts_of
from domain.text import CODE_LIMIT, NAME_LIMIT, PROSE_LIMIT

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def shanghai_day(instant: datetime) -> date:
    """The calendar day in Asia/Shanghai on which an aware instant falls; of one beyond the calendar its first or last day."""
    try:
        return instant.astimezone(SHANGHAI).date()
    except OverflowError:
        return date.max if instant.year > 1 else date.min


class PersonalData:
    """Marks a field that storage seals under its holder's key (PIPL art. 28, 51). The value reads as None after erasure."""


Personal = Annotated[str | None, PersonalData()]


class Words:
    """Marks a text that somebody types, with the longest accepted length in characters: it is cleaned before it is recorded.

    One that is ``optional`` may be left out or blank, and reads as None then.
    """

    def __init__(self, limit: int, *, optional: bool = False) -> None:
        self.limit, self.optional = limit, optional


PersonalProse = Annotated[Personal, Words(PROSE_LIMIT)]
"""A reason or finding about a person, as somebody typed it."""
OptionalPersonalProse = Annotated[Personal, Words(PROSE_LIMIT, optional=True)]
"""The same where it may be left out; blank reads as None."""
PersonalLine = Annotated[Personal, Words(NAME_LIMIT)]
"""A short ground about a person, as somebody typed it."""
Code = Annotated[str, Words(CODE_LIMIT)]
"""A code, number or key, as somebody typed it."""
OptionalCode = Annotated[str | None, Words(CODE_LIMIT, optional=True)]
"""The same where it may be left out; blank reads as None."""


FIELD_SEPARATOR: Final = re.compile("[、，,；;/]")
"""What stands between several fields in one text."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Role(StrEnum):
    """Who somebody is to the registry."""

    APPLICANT = "APPLICANT"
    REVIEWER = "REVIEWER"
    ADMINISTRATOR = "ADMINISTRATOR"
    AUDITOR = "AUDITOR"
    VERIFIER = "VERIFIER"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"
    SYSTEM = "SYSTEM"


class Actor(_Value):
    """Who acts: the subject of a verified token, in a role, for an authority where the role has one; or an account of the operating
    system on the command line.

    ``holder_ref`` is the actor's own holder reference, where the identity provider knows it, so that nobody decides about
    themselves.
    """

    subject: str
    role: Role
    authority_code: str | None = None
    holder_ref: UUID | None = None


_ACCOUNT: Final = "os:"


def account_subject(uid: int, name: str, host: str) -> str:
    """The subject of an account of an operating system, as it is recorded; no token bears one (``is_account``)."""
    return f"{_ACCOUNT}{uid}/{name}@{host.casefold()}"


def is_account(subject: str) -> bool:
    """Whether a subject is an account of an operating system."""
    return subject.casefold().startswith(_ACCOUNT)


def same_subject(one: str, other: str) -> bool:
    """Whether two acts under these subjects are one person's. An account is one whatever its machine is called at the time."""
    if is_account(one) and is_account(other):
        return one.rpartition("@")[0] == other.rpartition("@")[0]
    return one == other


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two acts are one person's: under one subject, or under two of whom it is known that the same person bears them."""
    known = one.holder_ref is not None and one.holder_ref == other.holder_ref
    return known or same_subject(one.subject, other.subject)


REGISTRY_ITSELF: Final = Actor(subject="registry", role=Role.SYSTEM)
"""The actor of what the registry does by rule: matching, and the records that follow from a decision."""


class Provenance(_Value):
    """Where an event comes from: who acted, on whose behalf, through which client, under which request."""

    actor: Actor
    on_behalf_of: str | None = None
    client: str | None = None
    request_id: str | None = None


class CaseStatus(StrEnum):
    """Where a recognition case stands."""

    SUBMITTED = "SUBMITTED"
    MATCHED = "MATCHED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    ANNULLED = "ANNULLED"
    SURRENDERED = "SURRENDERED"


class TitleStatus(StrEnum):
    """Whether a recognised title stands, or in which of three ways it ended.

    ``REVOKED`` for fraud (撤销, article 4), ``ANNULLED`` for an error of the authority (撤销, Administrative Licensing Law,
    article 69, by analogy), ``SURRENDERED`` at the holder's request (注销).
    """

    CURRENT = "CURRENT"
    REVOKED = "REVOKED"
    ANNULLED = "ANNULLED"
    SURRENDERED = "SURRENDERED"


class ProposalKind(StrEnum):
    """What one officer proposes about a title and another decides."""

    REVOCATION = "REVOCATION"
    ANNULMENT = "ANNULMENT"
    REINSTATEMENT = "REINSTATEMENT"


class ReviewOutcome(StrEnum):
    """What a review (行政复议) or a court decided about the authority's decision: it holds, it falls, or it is taken anew."""

    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"
    REMANDED = "REMANDED"


class ClosingRule(StrEnum):
    """Why the registry closed an open case, or let a title end, by itself: another case was awarded its certificate, or its holder was
    erased.
    """

    CERTIFICATE_AWARDED_ELSEWHERE = "CERTIFICATE_AWARDED_ELSEWHERE"
    HOLDER_ERASED = "HOLDER_ERASED"


class DeadlineKind(StrEnum):
    """Which statutory clock: to accept, to supplement, to decide, to answer a proposal, to ask for a review."""

    ACCEPT = "ACCEPT"
    SUPPLEMENT = "SUPPLEMENT"
    DECIDE = "DECIDE"
    ANSWER = "ANSWER"
    REVIEW = "REVIEW"


class TitleLevel(StrEnum):
    """初级, 中级, 副高级 and 正高级, lowest first. Which of them a catalog awards is its notice's: article 1 of the official one
    recognises the first two.
    """

    JUNIOR = "JUNIOR"
    INTERMEDIATE = "INTERMEDIATE"
    ASSOCIATE_SENIOR = "ASSOCIATE_SENIOR"
    SENIOR = "SENIOR"


class MatchOutcome(StrEnum):
    """How sure a match is: EXACT and CONFIDENT are automatic, AMBIGUOUS asks a reviewer, NONE found nothing."""

    EXACT = "EXACT"
    CONFIDENT = "CONFIDENT"
    AMBIGUOUS = "AMBIGUOUS"
    NONE = "NONE"


class EntryChangeKind(StrEnum):
    """What an amendment does to one entry; RENUMBERED: the same qualification under another number."""

    ADDED = "ADDED"
    REVISED = "REVISED"
    WITHDRAWN = "WITHDRAWN"
    RENUMBERED = "RENUMBERED"


class AliasChangeKind(StrEnum):
    """What an amendment does to one alias; what reads otherwise is withdrawn and added anew."""

    ADDED = "ADDED"
    WITHDRAWN = "WITHDRAWN"


class AuthorityKind(StrEnum):
    """Which kind of body decides: a bureau of economy and information technology, of human resources, or a provincial unit."""

    ECONOMY_AND_INFORMATION = "ECONOMY_AND_INFORMATION"
    HUMAN_RESOURCES = "HUMAN_RESOURCES"
    PROVINCIAL_UNIT = "PROVINCIAL_UNIT"


class TitleAward(_Value):
    """One title an entry leads to; ``grade`` is None where the entry knows one title only."""

    grade: str | None = None
    title: str
    level: TitleLevel


class CatalogEntry(_Value):
    """One row of the catalog, verbatim from its notice, white space normalised and nothing else.

    ``number`` is the registry's; ``label`` is what the notice prints in its place, where that is no plain number (A1, 1.1, ①).
    ``field`` may name several, joined as printed. ``series`` is that of the titles (工程, 会计), ``tier`` the list or batch that the
    entry stands in, ``valid_until`` the last day on which the notice lists it.
    """

    number: int
    qualification_name: str
    translated_name: str
    issuing_body: str
    field: str
    awards: tuple[TitleAward, ...]
    label: str | None = None
    country: str | None = None
    series: str | None = None
    tier: str | None = None
    conditions: str | None = None
    valid_until: date | None = None
    remark: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Each field that the entry belongs to."""
        return tuple(filter(None, (part.strip() for part in FIELD_SEPARATOR.split(self.field))))

    def award_for(self, grade: str | None) -> TitleAward | None:
        """The title this entry awards for a grade; None while it is open, or where the grade is unknown to the entry."""
        if grade is None and len(self.awards) == 1 and self.awards[0].grade is None:
            return self.awards[0]
        return next((award for award in self.awards if award.grade is not None and award.grade == grade), None)


class Notice(_Value):
    """The official document a catalog version comes from; ``number`` is None where the text does not state one.

    ``levels`` are those of the titles that it lets the catalog award; None where it says nothing about them, so that those of
    the notice before it hold. ``departments`` are those that issued it, several where they did so jointly.
    """

    number: str | None = None
    title: str
    levels: tuple[TitleLevel, ...] | None = None
    departments: tuple[str, ...] = ()


class Certificate(_Value):
    """A foreign certificate as somebody presented it: all its text is sealed, since people type their names and numbers anywhere."""

    name: Personal
    issuing_body: Personal = None
    grade: Personal = None
    certificate_number: Personal = None
    issued_on: date | None = None
    expires_on: date | None = None


class Person(_Value):
    """Who a case is about. ``ref`` is random and says nothing; the rest is sealed and reads as None after erasure."""

    ref: UUID
    name: Personal
    id_type: Personal
    id_number: Personal


class Evidence(_Value):
    """A file that supports a case; the file itself is kept elsewhere, under its digest."""

    sha256: str
    file_name: Personal
    media_type: str
    size: int
    kind: Personal


class Experience(_Value):
    """A period of professional work abroad."""

    employer: Personal
    start: date
    end: date
    field: Personal


TYPED: Final = "typed"
"""The fact of a reason that quotes what somebody typed."""


class ReasonFact(_Value):
    """A fact of a reason that is the catalog's own: its name in the sentence, and what stands there."""

    name: str
    values: tuple[str, ...]


class Reason(_Value):
    """Why a match is as it is: the key of a sentence in the catalogue of messages, and its facts, never the sentence itself.

    ``typed`` quotes what somebody typed; it is empty where the sentence quotes nothing.
    """

    code: str
    facts: tuple[ReasonFact, ...] = ()
    typed: tuple[Personal, ...] = ()

    @property
    def told(self) -> Message:
        """See ``told_reason``."""
        return told_reason(self.code, {fact.name: fact.values for fact in self.facts}, self.typed)


def told_reason(code: str, facts: Mapping[str, tuple[str, ...]], typed: Sequence[str | None]) -> Message:
    """A reason as a sentence; without its quotes where they are masked or erased, as none of ``typed`` can be read then.

    Raises ``MessageDefect`` for a code or facts that the catalogue of messages does not have.
    """
    quotes = tuple(each for each in typed if each is not None)
    if TYPED not in facts_of(code):
        return Message(code, tuple(facts.items()))
    if quotes:
        return Message(code, (*facts.items(), (TYPED, quotes)))
    return Message(f"{code}_withheld", tuple(facts.items()))


class MatchCandidate(_Value):
    """An entry that may be meant, its score in 0..1, and the reasons a reviewer reads before confirming.

    ``catalog_code`` and ``catalog_version`` say where the entry stands, where that is
    another catalog than the one the match is made under.
    """

    number: int
    grade: str | None = None
    score: float
    reasons: tuple[Reason, ...] = ()
    catalog_code: str | None = None
    catalog_version: int | None = None

    @property
    def because(self) -> tuple[Message, ...]:
        """The reasons as sentences."""
        return tuple(reason.told for reason in self.reasons)

    def without_quotes(self) -> MatchCandidate:
        """The same, its reasons without what somebody typed."""
        return self.model_copy(update={"reasons": tuple(r.model_copy(update={"typed": ()}) for r in self.reasons)})


class AliasKind(StrEnum):
    """What an alias is another name for; or, of the last three, a name that is near an entry's and never matched by itself.

    ``RENAMED`` is a certification that the entry's succeeded, or that succeeded the entry's; ``COMPONENT`` is one of the
    examinations of the entry's certification; ``COMPOSITE`` is a certification that asks for the entry's examination among
    others. A reviewer is offered the entries.
    """

    ISSUING_BODY = "ISSUING_BODY"
    QUALIFICATION = "QUALIFICATION"
    RENAMED = "RENAMED"
    COMPONENT = "COMPONENT"
    COMPOSITE = "COMPOSITE"


class Alias(_Value):
    """Another name for an issuing body or a qualification: data beside the official text, never an edit of it.

    ``text`` is the other name as people write it. For an issuing body, ``issuer`` is the body's short key (``DIHK``,
    ``AMAZON``) that all its spellings share, the catalog's own included. For a qualification, ``numbers`` are the entries
    that the text may mean: one where it is a synonym, several where it is ambiguous (``CCNP``), and none where it is known
    to be an unlisted qualification that must never match. ``ground`` says why the alias holds.
    """

    kind: AliasKind
    text: str
    issuer: str | None = None
    numbers: tuple[int, ...] = ()
    ground: str


class WordKind(StrEnum):
    """What a word of the vocabulary is to matching. In brackets what ``text`` and ``meaning`` hold, where that is not plain.

    ``FORMAL`` says nothing beside a name; ``DANGLING`` is a word after which a name must go on; ``RESULT`` stands in the place
    of a grade; ``LEVEL`` separates qualifications of one family (meaning ``rank``: one of a ladder that a body grants; ``left out``:
    people leave it out of the body's names where it is the only one);
    ``VARIANT`` is another spelling, an abbreviation or a translation (meaning: the words it stands for, none where it says
    nothing); ``TRADE`` is an ordinary word, ``FIELD`` the end of many; ``COURSE`` names a learning programme; ``LOOKALIKE`` is
    a character that a scanner reads for another (meaning: that other). ``BRAND`` are words that the qualifications of one body
    alone bear, ``SHARED`` words under which another body certifies too (meaning: its name); ``CODE`` is the form of its examinations' numbers (``?`` a letter, ``#`` a digit); ``COUNTRY`` is the key of a
    country it is in, ``PLACE`` a word that says where a body is (meaning: keys of countries); ``RELATED`` is the key of a body
    that may stand beside it. ``BODY_WORD``, ``BODY_VARIANT`` and ``ADDRESS`` stand in names and addresses of bodies; ``CHAMBER``
    is the word before a chamber's town, ``BESIDE_PLACE`` a word beside that, ``NOT_A_CHAMBER`` and ``SCHOOL`` are parts of names
    of other bodies, ``EMPLOYER`` is the legal form of a company that trains and examines nobody, ``NO_BODY`` stands in the place
    of a body and names none. ``SENTENCE`` is formal within the sentence of a certificate only (meaning ``verb``: it makes a text
    one; ``surname``: the name of a person in Han characters begins with it), ``DENIAL`` denies the qualification or speaks of
    something else (a star at the end: any ending; meaning ``anywhere``: in a sentence also behind the name).
    """

    FORMAL = "FORMAL"
    SENTENCE = "SENTENCE"
    DENIAL = "DENIAL"
    DANGLING = "DANGLING"
    RESULT = "RESULT"
    LEVEL = "LEVEL"
    VARIANT = "VARIANT"
    TRADE = "TRADE"
    FIELD = "FIELD"
    COURSE = "COURSE"
    LOOKALIKE = "LOOKALIKE"
    BRAND = "BRAND"
    SHARED = "SHARED"
    CODE = "CODE"
    COUNTRY = "COUNTRY"
    PLACE = "PLACE"
    RELATED = "RELATED"
    BODY_WORD = "BODY_WORD"
    BODY_VARIANT = "BODY_VARIANT"
    ADDRESS = "ADDRESS"
    CHAMBER = "CHAMBER"
    BESIDE_PLACE = "BESIDE_PLACE"
    NOT_A_CHAMBER = "NOT_A_CHAMBER"
    SCHOOL = "SCHOOL"
    EMPLOYER = "EMPLOYER"
    NO_BODY = "NO_BODY"


class Word(_Value):
    """One word or phrase that matching knows, as content of a catalog version: data with a ground, like an alias.

    ``text`` and ``meaning`` are folded as matching folds names. ``scope`` is empty where the word holds for every name,
    ``issuer:KEY`` where it holds for names of one body, ``catalog:CODE`` where it holds for one catalog.
    """

    kind: WordKind
    text: str
    meaning: str = ""
    scope: str = ""
    ground: str
