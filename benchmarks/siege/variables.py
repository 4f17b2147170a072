"""Attacks by values: variables and literals that are many, long, or made to be slow."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.siege.kinds import attack
from benchmarks.siege.stage import Stage, form
from benchmarks.siege.wire import Attacker, Line
from domain.values import Role

MATCH = "matchCertificate(certificate: {name: %s, issuingBody: %s}) { outcome candidates { score } }"
PROPOSE = "mutation ($input: CatalogInput!) { proposeCatalog(input: $input) { refusal { code } } }"


def proposal(count: int) -> dict[str, Any]:
    """A catalog of so many entries, as a proposal states it."""
    entry = {
        "qualificationName": "x",
        "translatedName": "x",
        "issuingBody": "x",
        "field": "x",
        "awards": [{"title": "x", "level": "JUNIOR"}],
    }
    entries = [entry | {"number": n} for n in range(count)]
    return {"code": "x", "name": "x", "noticeTitle": "x", "effectiveFrom": "2030-01-01", "entries": entries}


@attack("13 000 periods of work in one submission")
async def periods(attacker: Attacker, stage: Stage) -> None:
    """A life of 13 000 employments."""
    token = stage.token(Role.APPLICANT, "mallory")
    period = {"employer": "A", "from": "2020-01-01", "to": "2020-02-01", "field": "x"}
    document = "mutation ($input: SubmitCaseInput!) { submitCase(input: $input) { refusal { code } } }"
    bodies = [
        json.dumps(
            {"query": document, "variables": {"input": form(0, "periods") | {"experience": [period] * count}}}
        ).encode()
        for count in (13_000, 500, 501)
    ]

    async def send(line: Line, number: int) -> None:
        await line.post(bodies[number % 3], token)

    await attacker.flood(16, send)


@attack("100 000 values in the variables, without a token")
async def many_values(attacker: Attacker, _stage: Stage) -> None:
    """As many values as are counted through, coerced before anybody is asked who they are."""
    bodies = [
        json.dumps({"query": PROPOSE, "variables": {"input": proposal(count)}}, separators=(",", ":")).encode()
        for count in (6_800, 6_000)
    ]
    wrong = proposal(6_000)
    for entry in wrong["entries"]:
        entry["number"] = "x"
    bodies.append(json.dumps({"query": PROPOSE, "variables": {"input": wrong}}, separators=(",", ":")).encode())

    async def send(line: Line, number: int) -> None:
        await line.post(bodies[number % 3])

    await attacker.flood(16, send)


@attack("numbers and strings of a megabyte")
async def huge_values(attacker: Attacker, _stage: Stage) -> None:
    """Digits without end, exponents, escapes, dates, and names as long as a body may be."""
    query = '"query":"query($n:Int,$s:String!){catalog(code:$s){id} authorities(divisionCode:$s){code}}"'
    document = "{ cases(first: %s) { nodes { id } } }"
    bodies = [
        f'{{{query},"variables":{{"n":{"9" * 900_000},"s":"x"}}}}'.encode(),
        f'{{{query},"variables":{{"n":1e{"9" * 5_000},"s":"x"}}}}'.encode(),
        f'{{{query},"variables":{{"s":"{"级" * 99_999}"}}}}'.encode(),
        f'{{{query},"variables":{{"s":"{chr(92)}u5b57{"x" * 900_000}"}}}}'.encode(),
        f'{{{query},"variables":{{"{"k" * 900_000}":1,"s":"x"}}}}'.encode(),
        json.dumps({"query": document % ("9" * 90_000)}).encode(),
        json.dumps({"query": document % ("1" + "0" * 4_000 + "e400")}).encode(),
        json.dumps({"query": '{ catalog(code: "' + "\\\\u{5b57}" * 9_000 + '") { id } }'}).encode(),
        json.dumps({"query": "#" + "x" * 99_000 + "\n{ catalogs { id } }"}).encode(),
        b'{"query":"' + b"\\ud800" * 100_000 + b'"}',
    ]

    async def send(line: Line, number: int) -> None:
        await line.post(bodies[number % len(bodies)])

    await attacker.flood(16, send)


@attack("20 aliased matches a request over 50 connections")
async def matches(attacker: Attacker, _stage: Stage) -> None:
    """Ordinary names, never the same, without a token."""

    async def send(line: Line, number: int) -> None:
        fields = (
            f"m{n}: " + MATCH % (json.dumps(f"Certified Structural Engineer {number} {n}"), '"Institute"')
            for n in range(20)
        )
        await line.ask("{ " + " ".join(fields) + " }")

    await attacker.flood(50, send)


@attack("texts made to be slow to match")
async def hostile_texts(attacker: Attacker, _stage: Stage) -> None:
    """Very long, of combining marks, of one word repeated, of brackets, of every script; as variables and aliased."""
    texts = [
        "AWS Certified Solutions Architect " * 2_900,
        "e" + "\u0301" * 99_000,
        "级" * 99_000,
        "(" * 50_000 + ")" * 49_000,
        "a b " * 24_000,
        "ﷺ" * 99_000,
        "für Ingenieur-" * 7_000,
        "".join(chr(n) for n in range(0x4E00, 0x9FA5)) * 4,
        "\u200b1-" * 33_000,
        "x" * 2_000,
    ]
    declared = ", ".join(f"$t{n}: String!" for n in range(9))
    fields = " ".join(f"m{n}: " + MATCH % (f"$t{n}", f"$t{(n + 1) % 9}") for n in range(9))
    document = f"query ({declared}) {{ {fields} }}"

    async def send(line: Line, number: int) -> None:
        chosen = {f"t{n}": texts[(n + number) % 10][: 30_000 if number % 2 else 110_000 // 10] for n in range(9)}
        await line.ask(document, chosen)

    await attacker.flood(16, send)
