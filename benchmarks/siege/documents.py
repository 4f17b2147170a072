"""Attacks by documents: what is slow to outline, parse, measure, validate or answer. All but two come without a token."""

from __future__ import annotations

from benchmarks.siege.kinds import attack
from benchmarks.siege.stage import Stage
from benchmarks.siege.wire import Attacker, Line
from domain.values import Role

CONNECTIONS = 16
INTROSPECTION = """{ __schema { queryType { name } types { kind name description
  fields(includeDeprecated: true) { name description args { name type { ...T } defaultValue } type { ...T } }
  inputFields { name type { ...T } } interfaces { ...T } enumValues { name } possibleTypes { ...T } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }"""


async def _fresh(attacker: Attacker, documents: list[str], connections: int = CONNECTIONS) -> None:
    """Send documents in turn, each with a comment of its own, so that none is known from before."""

    async def send(line: Line, number: int) -> None:
        await line.ask(f"{documents[number % len(documents)]} #{number}")

    await attacker.flood(connections, send)


@attack("histories inside histories of a case")
async def nested_histories(attacker: Attacker, stage: Stage) -> None:
    """Each event of a history has the case beside it, whose history again has events."""
    token = stage.token(Role.APPLICANT, "office")
    inner = "version"
    levels = []
    for _ in range(5):
        inner = f"history {{ version state {{ {inner} }} }}"
        levels.append(f'{{ case(id: "{stage.long_case}") {{ {inner} }} }}')

    async def send(line: Line, number: int) -> None:
        await line.ask(levels[number % 5], None, token)

    await attacker.flood(CONNECTIONS, send)


@attack("whole histories side by side, with their states")
async def wide_histories(attacker: Attacker, stage: Stage) -> None:
    """As many events with their states as the cost lets through, under aliases."""
    token = stage.token(Role.APPLICANT, "office")
    state = "state { version status evidence { sha256 kind } certificate { name } } summary data"
    fields = " ".join(f'a{n}: case(id: "{stage.long_case}") {{ history(first: 100) {{ {state} }} }}' for n in range(8))

    async def send(line: Line, number: int) -> None:
        await line.ask(f"{{ {fields} }} #{number % 7}", None, token)

    await attacker.flood(CONNECTIONS, send)


@attack("fields repeated with selections below, hundreds of times")
async def repeated_fields(attacker: Attacker, _stage: Stage) -> None:
    """Validation compares each with each: quadratic."""
    documents = ["{ catalogs {" + " versions { number changes { kind } }" * count + "} }" for count in (40, 95, 230)]
    documents.append("{ catalogs { id" + " id" * 1500 + " } }")
    await _fresh(attacker, documents)


@attack("fragments side by side")
async def fragments_beside(attacker: Attacker, _stage: Stage) -> None:
    """Validation compares the fields of each pair of fragments."""

    def document(count: int) -> str:
        spreads = " ".join(f"...F{n}" for n in range(count))
        body = "catalogs { versions { number changes { kind number } } }"
        return f"{{ {spreads} }} " + " ".join(f"fragment F{n} on Query {{ {body} }}" for n in range(count))

    await _fresh(attacker, [document(count) for count in (9, 20, 60, 99)])


@attack("fragment bomb, 2 to the power of 90")
async def fragment_bomb(attacker: Attacker, _stage: Stage) -> None:
    """Each fragment spreads the next one twice."""
    bomb = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(90))
    await _fresh(attacker, ["{ ...F0 } " + bomb + " fragment F90 on Query { catalogs { id } }"])


@attack("deep nesting of selections, lists, JSON")
async def deep_nesting(attacker: Attacker, _stage: Stage) -> None:
    """What a parser that calls itself would die of."""
    documents = [
        "{ catalogs " + "{ versions " * 40 + "{ number }" + " }" * 41,
        "{ a" * 20_000,
        "{ matchCertificate(certificate: " + "[" * 40_000,
        "{ catalog(code: " + "{ a: " * 50 + "1" + " }" * 50 + ") { id } }",
        "[" * 90_000,
    ]
    bodies = [b'{"query":"{ catalogs { id } }","variables":' + b'{"a":' * 100_000, b"[" * 1_000_000]

    async def send(line: Line, number: int) -> None:
        if number % 3:
            await line.ask(documents[number % len(documents)])
        else:
            await line.post(bodies[number % len(bodies)])

    await attacker.flood(CONNECTIONS, send)


@attack("lists of aliases, short and long")
async def aliases(attacker: Attacker, _stage: Stage) -> None:
    """Catalogs with all their entries under many names."""

    def document(count: int) -> str:
        body = "catalogs { code versions { number notice { title } changes { kind number } } }"
        return "{ " + " ".join(f"a{n}: {body}" for n in range(count)) + " }"

    await _fresh(attacker, [document(count) for count in (20, 20, 50, 70)])


@attack("valid documents as large as the limits allow, never the same")
async def largest_documents(attacker: Attacker, _stage: Stage) -> None:
    """Nothing to refuse: 1 900 tokens, compared within the bound, answered with a few rows."""

    def document(count: int) -> str:
        parts = " ".join(f"fragment P{n} on CatalogVersion {{ number x{n % 40}: effectiveFrom }}" for n in range(count))
        spreads = " ".join(f"...P{n}" for n in range(count))
        return f"{{ catalogs {{ versions {{ {spreads} }} }} }} {parts}"

    wide = "{ catalogs { versions { " + " ".join("number effectiveFrom" for _ in range(90)) + " } } }"
    await _fresh(attacker, [document(48), wide, document(30)])


@attack("introspection storm")
async def introspection(attacker: Attacker, _stage: Stage) -> None:
    """The whole schema, over and over, the text changing."""
    await _fresh(attacker, [INTROSPECTION])


@attack("pages as large as the cost allows")
async def largest_pages(attacker: Attacker, stage: Stage) -> None:
    """An officer's list with everything a case has."""
    token = stage.token(Role.REVIEWER, "greedy")
    fields = (
        "id caseNumber status holder { ref name } certificate { name issuingBody } authority { name } award { title }"
    )
    more = (
        "entry { number qualificationName awards { title } } evidence { sha256 } candidates { score } title { title }"
    )
    documents = [
        f"{{ cases(first: 200) {{ totalCount nodes {{ {fields} {more} }} }} }}",
        f"{{ a: cases(first: 200) {{ nodes {{ {fields} }} }} b: cases(first: 200) {{ nodes {{ {fields} }} }} }}",
        "{ titleList(first: 200) { totalCount nodes { id title entry { number awards { title } } holder { name } } } }",
    ]

    async def send(line: Line, number: int) -> None:
        await line.ask(documents[number % 3], None, token)

    await attacker.flood(CONNECTIONS, send)


@attack("pages of the audit log with large events")
async def audit_pages(attacker: Attacker, stage: Stage) -> None:
    """The catalog's own event again and again: 300 kB each."""
    token = stage.token(Role.AUDITOR, "auditor")
    body = "auditLog(first: 200) { nodes { position data summary actor { subject } } }"
    documents = [
        "{ " + " ".join(f"a{n}: {body}" for n in range(20)) + " }",
        '{ auditLog(first: 200, types: ["catalog.published"]) { nodes { data } } }',
        f"{{ {body} }}",
    ]

    async def send(line: Line, number: int) -> None:
        await line.ask(documents[number % 3], None, token)

    await attacker.flood(CONNECTIONS, send)
