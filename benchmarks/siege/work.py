"""Attacks by work: what takes long by right, asked for too often, or left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from benchmarks.siege.kinds import attack
from benchmarks.siege.stage import Stage, form
from benchmarks.siege.wire import Attacker, Line, head
from domain.values import Role

PREVIEW = (
    "query ($input: AmendmentInput!) { previewAmendment(input: $input) { pendingCasesAffected refusals { code } } }"
)
SUBMIT = "mutation ($input: SubmitCaseInput!) { submitCase(input: $input) { position refusal { code } } }"
VERIFY = "verifyTitle(certificateNumber: %s, holderName: %s) { valid known }"


def amendment(count: int, seed: int) -> dict[str, Any]:
    """An amendment that adds so many entries, each with a name of its own."""
    changes = [
        {
            "kind": "ADDED",
            "number": 200 + n,
            "entry": {
                "number": 200 + n,
                "qualificationName": f"Thermal Ceramic Bearing {seed} {n}",
                "translatedName": f"热工陶瓷轴承{n}",
                "issuingBody": f"Institute {n}",
                "field": "材料",
                "awards": [{"title": "工程师", "level": "INTERMEDIATE"}],
            },
        }
        for n in range(count)
    ]
    return {
        "catalogCode": "ZJ-DEM",
        "baseVersion": 1,
        "noticeTitle": "调整",
        "noticeNumber": "1",
        "effectiveFrom": "2030-01-01",
        "changes": changes,
    }


@attack("previews of amendments with 1 500 entries, clients leaving")
async def previews(attacker: Attacker, stage: Stage) -> None:
    """Half wait for the answer, half close the connection after a moment."""
    token = stage.token(Role.ADMINISTRATOR, "restless")
    code = stage.ask("{ catalogs { code } }", {})["catalogs"][0]["code"]
    bodies = [
        json.dumps(
            {"query": PREVIEW, "variables": {"input": amendment(1_500, seed) | {"catalogCode": code}}},
            ensure_ascii=False,
        ).encode()
        for seed in range(6)
    ]

    async def send(line: Line, number: int) -> None:
        if number % 2:
            await line.post(bodies[number % 6], token)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.4):
                await line.post(bodies[number % 6], token)
        line.close()

    await attacker.flood(6, send)


@attack("guessing at titles with a token, 20 a request")
async def guesses_with_a_token(attacker: Attacker, stage: Stage) -> None:
    """Certificate numbers that are there, with names that are not."""
    token = stage.token(Role.VERIFIER, "guesser")

    async def send(line: Line, number: int) -> None:
        fields = (f"v{n}: " + VERIFY % (f'"SIEGE-{n + number:06d}"', '"王敏"') for n in range(20))
        await line.ask("{ " + " ".join(fields) + " }", None, token)

    await attacker.flood(32, send)


@attack("guessing at titles without a token")
async def guesses(attacker: Attacker, _stage: Stage) -> None:
    """One address, 100 connections, one question each."""

    async def send(line: Line, number: int) -> None:
        await line.ask("{ " + VERIFY % (f'"SIEGE-{number % 5_000:06d}"', '"王敏"') + " }")

    await attacker.flood(100, send)


@attack("submissions as fast as they are taken")
async def submissions(attacker: Attacker, stage: Stage) -> None:
    """Well-formed cases of new persons."""
    token = stage.token(Role.APPLICANT, "flooder")
    key = f"flood{attacker.port}"

    async def send(line: Line, number: int) -> None:
        await line.ask(SUBMIT, {"input": form(20_000 + number, key)}, token)

    await attacker.flood(32, send)


@attack("the past asked for: states and titles as of an instant")
async def the_past(attacker: Attacker, stage: Stage) -> None:
    """Derived from events each time."""
    token = stage.token(Role.REVIEWER, "historian")
    at = '"2099-01-01T00:00:00Z"'
    fields = " ".join(f'c{n}: case(id: "{stage.long_case}", asOf: {at}) {{ version }}' for n in range(10))
    more = " ".join(f'd{n}: case(id: "{stage.long_case}", atVersion: {n + 1}) {{ version }}' for n in range(10))

    async def send(line: Line, _number: int) -> None:
        await line.ask(f"{{ {fields} {more} }}", None, token)

    await attacker.flood(32, send)


@attack("looks-up without a pause over 200 connections")
async def look_ups(attacker: Attacker, stage: Stage) -> None:
    """What an eager client does with right and token."""
    token = stage.token(Role.VERIFIER, "eager")

    async def send(line: Line, _number: int) -> None:
        await line.ask("{ catalogs { code versions { number } } authorities { code } }", None, token)

    await attacker.flood(200, send)


@attack("requests in a pipeline, 500 before the first answer is read")
async def pipelines(attacker: Attacker, _stage: Stage) -> None:
    """Whoever does not read makes the server keep what it answers."""
    body = json.dumps({"query": "{ authorities { code name kind divisionCode } }"}).encode()
    request = head(len(body)) + body

    async def send(line: Line, _number: int) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(3.0):
                _, writer = await line.open()
                for _ in range(500):
                    attacker.tally.sent += 1
                    writer.write(request)
                    await writer.drain()
                await asyncio.sleep(1.0)
        line.close()

    await attacker.flood(16, send)
