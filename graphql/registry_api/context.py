"""What resolvers work with: who asks, the use cases, the read side, and loaders that gather edges by key."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, partial
from threading import Event
from typing import Any, TypeVar, cast
from uuid import UUID

import strawberry
from anyio import CapacityLimiter, to_thread
from strawberry.dataloader import DataLoader

from application import questions
from application.access import Scope, scope_of
from application.asking import Keyed, Page, Window
from application.attestation import Attestations
from application.audit import AuditRuns
from application.cases import Cases
from application.catalog_proposals import CatalogProposals
from application.catalogs import Catalogs, Shelf
from application.feed import LiveFeed
from application.holders import HolderFiles
from application.officers import Officers
from application.operations import Maintenance, OperationsReport
from application.ports import AccessLog, Clock, EventUnreadable, Holders
from application.projections.projection import Table
from application.projections.tables import TITLES
from application.queries import Positioned, ProjectionBehind, Reads, one_by_key
from application.questions import EntryKey, VersionKey
from application.reading import READER, Readers
from application.seals import Seals
from application.transparency import TransparencyLog
from application.viewing import Viewer
from application.views import (
    AccessView,
    AuthorityView,
    CaseView,
    CaseWarningView,
    EntryView,
    HolderView,
    TitleView,
    VersionView,
)
from application.warnings import Concerned, Related, persons_of, warnings_of
from domain.authorities import AuthorityDirectory
from domain.catalog.names import Abandoned
from domain.clocks import ReadOn
from domain.jurisdiction import ProvincialRules
from domain.messages import Language, tell
from domain.refusals import RefusalCode, Refused
from domain.text import subject_form
from domain.values import Actor, Provenance, shanghai_day
from transport.errors import ApiError, ErrorCode, unreadable_event
from transport.lane import Elsewhere, on_loop

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


AccessesRead = Callable[[Window, UUID | None, str | None], Awaitable[Page[AccessView]]]
"""Reads the access log: which rows, of which holder, by which subject."""


@dataclass(frozen=True, slots=True)
class Services:
    """The application, as the API needs it; opened and closed by the composition root."""

    reads: Reads
    feed: LiveFeed
    cases: Cases
    catalogs: Catalogs
    catalog_proposals: CatalogProposals
    shelf: Shelf
    holders: Holders
    officers: Officers
    seals: Seals
    holder_files: HolderFiles
    access_log: AccessLog
    accesses_read: AccessesRead
    attestations: Attestations
    operations: OperationsReport
    maintenance: Maintenance
    transparency: TransparencyLog
    audit_runs: AuditRuns
    forget_documents: Callable[[], None]
    authorities: AuthorityDirectory
    rules: ProvincialRules
    clock: Clock
    subject_form: Callable[[str], str] = subject_form
    """How subjects are recorded and compared."""
    stopping: Event = field(default_factory=Event)
    """Set when the server is told to stop: long work then ends unfinished."""
    long_work: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """Previews and amendments, which take whole seconds of one core, go one at a time."""
    readers: Readers = field(default_factory=Readers)
    """How far each reader has seen, where servers that follow are read from."""


@dataclass
class Context:
    """One request: who asks, under which id, for which reason, and the loaders that live as long as it does.

    ``viewer`` says what of persons they may see, and notes what they are shown.
    """

    services: Services
    actor: Actor | None
    client: str | None
    request_id: str
    address: str = "unknown"
    reason: str | None = None
    language: Language = Language.EN
    """In which sentences are written to the client."""
    gone: Event = field(default_factory=Event)
    """Set when the client has gone: nobody waits for the answer any more."""
    home: AbstractEventLoop | None = None
    """The loop that the services belong to, where this request is answered on another."""
    viewer: Viewer = field(init=False)

    def __post_init__(self) -> None:
        self.viewer = Viewer(self.actor, self.scope, self.services.seals, self.reason)
        READER.set(self.reader)

    @property
    def reader(self) -> str:
        """Who reads, for the promise that nobody sees an older position than before: whom the token names, or the address."""
        return f"subject {self.actor.subject}" if self.actor else f"address {self.address}"

    @cached_property
    def versions(self) -> DataLoader[VersionKey, VersionView | None]:
        """Versions of catalogs."""
        exists = self.services.shelf.has
        return _loader(self._issued(self._by_key(questions.versions_by_key), lambda key: exists(*key)))

    @cached_property
    def entries(self) -> DataLoader[EntryKey, EntryView | None]:
        """Entries as a version has them."""
        shelf = self.services.shelf
        return _loader(
            self._issued(
                self._by_key(questions.entries_by_key),
                lambda key: shelf.has(*key[:2]) and shelf.entry_at(*key) is not None,
            )
        )

    # Not remembered: a field that waits for a position finds what one beside it did not.
    @cached_property
    def cases(self) -> DataLoader[UUID, CaseView | None]:
        """Cases of the asker's scope."""
        return _loader(self._by_key(partial(questions.cases_by_id, self.scope)), remember=False)

    @cached_property
    def titles(self) -> DataLoader[UUID, TitleView | None]:
        """Titles of the asker's scope."""
        return _loader(self._by_key(partial(questions.titles_by_id, self.scope)), remember=False)

    @cached_property
    def stored(self) -> DataLoader[int, bytes | None]:
        """Events as they are stored, by position."""
        return _loader(self.services.transparency.stored)

    @cached_property
    def streams(self) -> DataLoader[UUID, list[Positioned]]:
        """Events by stream."""

        async def load(keys: list[UUID]) -> Sequence[list[Positioned]]:
            try:
                found = await self.services.reads.streams(keys)
            except EventUnreadable as unreadable:
                raise unreadable_event(unreadable) from None
            return [found.get(key, []) for key in keys]

        return DataLoader(load_fn=load)

    @cached_property
    def warnings(self) -> DataLoader[Concerned, Sequence[CaseWarningView]]:
        """The warnings of cases."""
        return DataLoader(load_fn=self._warned)

    @cached_property
    def holders_of_cases(self) -> DataLoader[UUID, HolderView | None]:
        """Who cases are about."""
        return _loader(self._holders_of_cases)

    @cached_property
    def _keys(self) -> DataLoader[UUID, None]:
        async def load(keys: list[UUID]) -> Sequence[None]:
            await in_thread(self.services.seals.warm, keys)
            return [None] * len(keys)

        return DataLoader(load_fn=load)

    async def _holders_of_cases(self, keys: Sequence[UUID]) -> Mapping[UUID, HolderView]:
        found = await self.services.reads.by_key(questions.cases_named(keys))
        return {case: some[0].holder for case, some in found.items()}

    async def _warned(self, cases: list[Concerned]) -> Sequence[Sequence[CaseWarningView]]:
        """The warnings of cases, from a few questions for all of them."""
        reads, seals, holders = self.services.reads, self.services.seals, self.services.holders
        refs = {each.holder_ref for each in cases}

        def namesakes() -> Mapping[UUID, frozenset[UUID]]:
            seals.warm(refs)
            return holders.namesakes(persons_of(cases, seals))

        alike = await in_thread(namesakes)
        claims = {each.claim_id for each in cases if each.claim_id is not None}
        others = frozenset[UUID]().union(*alike.values())
        around = [
            *(await reads.by_key(questions.cases_around("holder_ref", sorted(refs)))).values(),
            *(await reads.by_key(questions.cases_around("claim_id", sorted(claims)))).values(),
            *(await reads.by_key(questions.cases_around("case_id", sorted(others)))).values(),
        ]
        by_id = {case.case_id: case for some in around for case in some}
        in_force = await reads.by_key(questions.records_in_force(sorted(refs), self.today))
        related = Related(sorted(by_id.values(), key=lambda case: case.submitted_at), in_force, alike)

        def name_of(case: Concerned) -> str | None:
            return None if case.name is None else seals.opened(case.holder_ref, case.case_id, case.name)

        return await in_thread(lambda: [warnings_of(each, related, name_of, self.language) for each in cases])

    async def key_of(self, holder_ref: UUID) -> None:
        """Have a holder's key at hand, so that showing what it seals waits for nothing; gathered over the request."""
        if not self.viewer.at_hand(holder_ref):
            await self._keys.load(holder_ref)

    def wanted(self) -> bool:
        """Whether somebody waits for what is being worked out."""
        return not (self.gone.is_set() or self.services.stopping.is_set())

    async def at_length(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run work that takes seconds beside the event loop, one such at a time; it ends where it is not ``wanted`` any more.

        Raises ``ApiError`` (UNAVAILABLE) then, which reaches whoever the server's stop has interrupted.
        """
        try:
            if self.home is not None:  # the limiter belongs to that loop
                return await on_loop(self.home, self._at_length(work, *arguments))
            return await self._at_length(work, *arguments)
        except Abandoned:
            raise ApiError(ErrorCode.UNAVAILABLE, tell("server.stopping")) from None

    async def _at_length(self, work: Callable[..., T], *arguments: Any) -> T:
        return await to_thread.run_sync(lambda: work(*arguments, self.wanted), limiter=self.services.long_work)

    async def reach(self, position: int | None, *tables: Table[Any]) -> None:
        """Wait until what fills these tables (titles and all beside them by default) has reached a position, where one is named.

        Raises ``ApiError`` (PROJECTION_BEHIND).
        """
        if position is None:
            return
        try:
            await self.services.reads.wait_for(position, *(tables or (TITLES,)))
        except ProjectionBehind as behind:
            raise ApiError(
                ErrorCode.PROJECTION_BEHIND,
                tell("server.behind", projected=behind.projected, awaited=behind.awaited),
            ) from None

    async def reach_present(self) -> None:
        """Wait until the read side has reached all that is recorded by now. Raises ``ApiError`` (PROJECTION_BEHIND)."""
        await self.reach((await self.services.reads.status()).position)

    def _by_key(
        self, question: Callable[[Sequence[K]], Keyed[K, V]]
    ) -> Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]:
        """What reads the one row that each key names."""
        return lambda keys: one_by_key(self.services.reads, question(keys))

    def _issued(
        self, read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], exists: Callable[[K], bool]
    ) -> Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]:
        """Read rows of catalogs; of what is issued and has no row yet, once the read side has come to it."""

        def late(lacking: Sequence[K]) -> bool:
            return any(map(exists, lacking))

        async def load(keys: Sequence[K]) -> Mapping[K, V]:
            found = await read(keys)
            lacking = [key for key in keys if key not in found]
            if not lacking or not await in_thread(late, lacking):
                return found
            await self.reach_present()
            return await read(keys)

        return load

    @property
    def today(self) -> date:
        """The business date."""
        return shanghai_day(self.services.clock())

    def read_on(self, at: datetime | None = None) -> ReadOn:
        """The day on which deadlines are read: that of an instant, or the business date."""
        return self.services.rules.read_on(self.today if at is None else shanghai_day(at))

    @property
    def scope(self) -> Scope:
        """Which cases and titles the asker sees."""
        return scope_of(self.actor, self.services.authorities, self.today)

    @property
    def provenance(self) -> Provenance:
        """Where what this request records comes from. Only asked for once somebody is known to act."""
        if self.actor is None:
            raise TypeError("an anonymous caller records nothing")
        return Provenance(actor=self.actor, client=self.client, request_id=self.request_id)

    def authority(self, code: str) -> AuthorityView:
        """An authority that a case names, whether or not it still exists. Raises ``LookupError`` where it never did."""
        return authority_view(self.services.authorities, code)


def authority_view(directory: AuthorityDirectory, code: str) -> AuthorityView:
    """An authority as people read it, whether or not it still exists. Raises ``LookupError`` where it never did."""
    found = directory.known(code)
    if found is None:
        raise LookupError(f"no authority {code} ever was")
    return AuthorityView(code=found.code, name=found.name, kind=found.kind, division_code=found.division_code)


Info = strawberry.Info[Context, Any]


def acting(context: Context) -> Provenance:
    """Where what this request records comes from. Raises ``Refused`` (UNAUTHENTICATED) for an anonymous caller."""
    if context.actor is None:
        raise Refused(RefusalCode.UNAUTHENTICATED, tell("access.not_signed_in"))
    return context.provenance


def detached(context: Context, home: AbstractEventLoop) -> Context:
    """The same request, to be answered on another loop than ``home``, to which the services belong."""

    async def accesses_read(*arguments: Any) -> Page[AccessView]:
        return await on_loop(home, cast("Any", context.services.accesses_read(*arguments)))

    reads = cast("Reads", Elsewhere(context.services.reads, home))
    transparency = cast("TransparencyLog", Elsewhere(context.services.transparency, home))
    services = replace(context.services, reads=reads, accesses_read=accesses_read, transparency=transparency)
    apart = replace(context, services=services, home=home)
    apart.viewer = context.viewer  # what is shown on either loop is noted in one place
    return apart


async def in_thread(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run a use case, which blocks on the store, beside the event loop."""
    return await to_thread.run_sync(lambda: work(*arguments, **named))


def _loader(
    read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, remember: bool = True
) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> Sequence[V | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load, cache=remember)
