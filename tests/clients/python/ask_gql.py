"""gql: the document is checked against the published schema before it is sent."""

from __future__ import annotations

import sys
from pathlib import Path

from gql import Client, gql
from gql.transport.httpx import HTTPXTransport
from telling import CASE, HEADERS, PAST, URL, Checks

HERE = Path(sys.argv[1])
checks = Checks()
transport = HTTPXTransport(url=URL, headers=HEADERS)
client = Client(transport=transport, schema=(HERE / "schema.graphql").read_text("utf-8"))
with client as session:
    request = gql((HERE / "operations" / "past.graphql").read_text("utf-8"))
    request.operation_name, request.variable_values = "PresentAndPast", {"id": CASE}
    answer = session.execute(request)
    checks.told_apart(answer["present"], answer["past"], answer["present"]["history"])
    request.operation_name, request.variable_values = "Again", {"ids": [PAST, "case.none"]}
    checks.same("looked up again", [each and each["id"] for each in session.execute(request)["nodes"]], [PAST, None])
checks.said("validated against the published schema, asked with an operation's name")
