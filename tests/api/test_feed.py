"""What happened after a position: each change once, in order, from any position, and titles as each change left them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from application.access import Scope
from application.feed import FeedBehind, Happening, PositionAhead, TitleChange, visible
from infrastructure.feed import FollowedFeed
from infrastructure.reads import PostgresReads
from tests.api.conftest import XIHU, Api
from tests.api.following import caught_up, followed, told, with_reads
from tests.api.test_erasure import ERASE, LIFT, RESTRICT

BASIS = "PIPL article 47, request"
ALL = Scope(everything=True)


def changes_of(happenings: list[Happening]) -> list[TitleChange]:
    return [change for each in happenings for change in each.changes]


def seen(happenings: list[Happening], number: str, *, officially: bool = True) -> list[tuple[str, bool]]:
    """What is told of the title of a case: how it stands, and whether its ending is proposed."""
    return [
        (change.title.status.value, change.title.ending_proposed)
        for change in changes_of(happenings)
        if change.title.case_number == number and visible(change, ALL, officially=officially)
    ]


def case_of(payload: dict[str, Any], api: Api) -> str:
    query = "query ($id: ID!) { case(id: $id) { caseNumber } }"
    caught_up(api)
    number: str = api.ask(query, {"id": payload["case"]["id"]}, api.token("AUDITOR"))["case"]["caseNumber"]
    return number


def test_a_title_is_told_as_each_change_left_it(api: Api) -> None:
    """Approval, notice of a revocation, the revocation, the reinstatement: each once; a draft only to those who see drafts."""
    approved = api.approved()
    number = case_of(approved, api)
    api.revoked(approved["case"]["id"])
    api.reinstated(approved["case"]["id"])
    api.submit()
    caught_up(api)
    happened = with_reads(api, told)
    officially, others = seen(happened, number), seen(happened, number, officially=False)
    assert officially == [
        ("CURRENT", False),
        ("CURRENT", True),  # proposed, a draft
        ("CURRENT", True),  # notice given
        ("REVOKED", False),
        ("CURRENT", False),
    ]
    assert others == [("CURRENT", False), ("CURRENT", True), ("REVOKED", False), ("CURRENT", False)]
    positions = [change.title.cursor for change in changes_of(happened)]
    assert positions == sorted(set(positions))


def test_whatever_the_stretches_the_same_is_told(api: Api) -> None:
    """Read event by event, by readers who remember nothing, from any position in between: nothing is left out or told twice."""
    first, second = api.approved(), api.approved()
    api.revoked(first["case"]["id"])
    api.decide(
        "reassessTitle", second["case"]["id"], workConsistent=False, countedExperienceMonths=0, reason="another post"
    )
    caught_up(api)

    async def all_ways(reads: PostgresReads) -> list[list[Happening]]:
        return [await told(reads, most=most) for most in (200, 1, 2, 7)]

    whole, *others = with_reads(api, all_ways)
    assert len(changes_of(whole)) >= 5
    for other in others:
        assert changes_of(other) == changes_of(whole)
    middle = whole[len(whole) // 2].position

    async def after(reads: PostgresReads) -> list[Happening]:
        return await told(reads, middle, 3)

    assert changes_of(with_reads(api, after)) == changes_of([each for each in whole if each.position > middle])


def test_an_erasure_is_told_of_each_title_and_takes_the_person_out_of_the_past(api: Api) -> None:
    """Each title of an erased person is told as ended and erased, and whoever reads from the beginning reads nobody."""
    person = {"name": "欧阳卓异", "idNumber": "330106198811223344"}
    api.approved(holder=person)
    second = {
        "name": "Oracle Certified Professional, MySQL 5.7 Database Administrator",
        "issuingBody": "Oracle",
        "certificateNumber": "OCP-1",
    }
    case = api.submit(holder=person, certificate=second)["case"]
    ref = case["holder"]["ref"]
    if case["status"] == "MATCHED":
        api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=0)
    caught_up(api)
    before = changes_of(with_reads(api, told))
    count = len({change.title.title_id for change in before})
    api.clock.now += timedelta(days=61)  # until then the decision is open to review
    done = api.ask(ERASE, {"ref": ref, "basis": BASIS}, api.token("PRIVACY_OFFICER"))["eraseHolder"]
    assert done["refusal"] is None
    caught_up(api)
    after = with_reads(api, told)
    assert all(change.title.holder.erased and change.title.holder.name is None for change in changes_of(after))
    assert all(change.title.certificate_number is None for change in changes_of(after))
    erased = next(each for each in after if each.type == "holder.erased")
    assert len(erased.changes) == count
    *early, last = (change.title for change in erased.changes)
    assert last.cursor == last.position == erased.position
    assert all(each.cursor == each.position - 1 == erased.position - 1 for each in early)
    ended = [
        change.title.status.value for each in after if each.type.endswith("surrendered") for change in each.changes
    ]
    assert ended == ["SURRENDERED"] * count


def test_a_restriction_is_silence_and_its_end_tells_how_the_title_stands(api: Api) -> None:
    """While data is not processed nothing of the person is told, from whatever position; when it is again, the title is."""
    approved = api.approved()
    number, officer = case_of(approved, api), api.token("PRIVACY_OFFICER")
    query = "query ($id: ID!) { case(id: $id) { holder { ref } } }"
    ref = api.ask(query, {"id": approved["case"]["id"]}, api.token("AUDITOR"))["case"]["holder"]["ref"]
    api.ask(RESTRICT, {"ref": ref, "b": BASIS}, officer)
    caught_up(api)
    assert seen(with_reads(api, told), number) == []
    api.ask(LIFT, {"ref": ref, "b": BASIS}, officer)
    caught_up(api)
    happened = with_reads(api, told)
    assert seen(happened, number) == [("CURRENT", False)] * 2
    assert changes_of(happened)[-1].title.cursor == happened[-1].position


def test_a_scope_is_told_its_own(api: Api) -> None:
    """A title is told to those who see it: everybody's readers, the division's, its holder's and its submitter's."""
    api.approved()
    caught_up(api)
    [change] = changes_of(with_reads(api, told))
    assert visible(change, Scope(authorities=frozenset({XIHU})), officially=True)
    assert visible(change, Scope(subject=change.title.submitted_by), officially=False)
    assert visible(change, Scope(holder_ref=change.title.holder.ref), officially=False)
    assert not visible(change, Scope(subject="somebody else", authorities=frozenset({"330200-EI"})), officially=False)
    assert not visible(change, Scope(), officially=False)


def test_followers_are_woken_and_told_from_memory_or_from_the_database(api: Api) -> None:
    """Who waits hears of what comes; who comes back from before the window is read to; both are told the same."""

    async def follow(feed: FollowedFeed) -> None:
        start = feed.head()
        with feed.follow():
            approved = await asyncio.to_thread(api.approved)
            found: list[Happening] = []
            at = start
            while at < int(approved["position"]):
                await asyncio.wait_for(feed.news(at), 10)
                stretch = await feed.stretch(at, live=True)
                found += stretch.happenings
                at = stretch.through
            assert len(changes_of(found)) == 1
            before = (await feed.stretch(start - 1, titles=True)).happenings  # one before the window
            assert changes_of(list(before)) == changes_of(found)
            assert [
                each.type for each in (await feed.stretch(start, types=["recognition-case.approved"])).happenings
            ] == ["recognition-case.approved"]

    followed(api, follow)


def test_who_is_too_far_behind_is_cut_and_may_come_back(api: Api) -> None:
    """Somebody who was told what is new and fell out of the window is refused; somebody who comes back there is read to."""

    async def follow(feed: FollowedFeed) -> None:
        start = feed.head()
        with feed.follow():
            await asyncio.to_thread(api.approved)
            await asyncio.to_thread(caught_up, api)
            while feed.head() < api.registry.journal.last_position():
                await asyncio.wait_for(feed.news(feed.head()), 10)
            with pytest.raises(FeedBehind):
                await feed.stretch(start, live=True)
            assert changes_of(list((await feed.stretch(start, titles=True)).happenings))

    followed(api, follow, window=1)


def test_nothing_is_read_while_nobody_follows(api: Api) -> None:
    """Without a follower only the place is moved on; the first follower then begins there."""

    async def idle(feed: FollowedFeed) -> None:
        approved = await asyncio.to_thread(api.approved)
        await asyncio.wait_for(feed.news(int(approved["position"]) - 1), 10)
        assert feed.told == 0
        assert (await feed.stretch(feed.head())).happenings == []

    followed(api, idle)


def test_a_position_of_the_future_is_refused(api: Api) -> None:
    """A position that no event has yet comes from another registry, or from before a restore: nobody waits for it in silence."""

    async def ask(feed: FollowedFeed) -> None:
        head = api.registry.journal.last_position()
        await feed.require_reached(head)
        with pytest.raises(PositionAhead):
            await feed.require_reached(head + 1)

    followed(api, ask)


def test_an_erasure_empties_what_is_kept_at_hand(api: Api) -> None:
    """What was told of a person before their erasure is not told again from memory; who follows is not cut for it."""
    person = {"name": "欧阳卓异", "idNumber": "330106198811223344"}

    async def follow(feed: FollowedFeed) -> None:
        start = feed.head()
        with feed.follow():
            case = (await asyncio.to_thread(lambda: api.submit(holder=person)))["case"]
            await asyncio.to_thread(
                lambda: api.decide("approveCase", case["id"], workConsistent=True, countedExperienceMonths=0)
            )
            api.clock.now += timedelta(days=61)
            variables = {"ref": case["holder"]["ref"], "basis": BASIS}
            officer = api.token("PRIVACY_OFFICER")
            done = await asyncio.to_thread(lambda: api.ask(ERASE, variables, officer))
            position = int(done["eraseHolder"]["position"])
            while feed.head() < position:
                await asyncio.wait_for(feed.news(feed.head()), 10)
            changes = changes_of(list((await feed.stretch(start, titles=True, live=True)).happenings))
            assert changes
            assert all(change.title.holder.erased and change.title.holder.name is None for change in changes)

    followed(api, follow)
