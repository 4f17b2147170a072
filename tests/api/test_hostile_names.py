"""Whatever somebody types as a certificate is answered NONE when it is none: never an error, never a guess."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api

pytestmark = pytest.mark.registry("shared")

MATCH = """query ($name: String!, $body: String!, $grade: String) {
    matchCertificate(certificate: {name: $name, issuingBody: $body, grade: $grade}) { outcome entry { number } } }"""


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \t ",
        "a" * 10_000,
        "工" * 10_000,
        "\u202egnireenignE lacinahceM",
        "\u0007\u001b[31m",
        "🎓" * 50,
        "<script>alert(1)</script>",
        "'; DROP TABLE registry.events; --",
        "{{7*7}}${7*7}",
        "\u200b\u200d\ufeff",
    ],
)
def test_hostile_text_matches_nothing(api: Api, name: str) -> None:
    """As a name, as a body and as a grade."""
    none = {"outcome": "NONE", "entry": None}
    assert api.ask(MATCH, {"name": name, "body": "", "grade": None})["matchCertificate"] == none
    assert api.ask(MATCH, {"name": name, "body": name, "grade": name})["matchCertificate"] == none


def test_a_name_with_scanning_debris_is_still_read(api: Api) -> None:
    """Soft hyphens, zero-width characters and line breaks are what scanners leave; they change nothing."""
    found = api.ask(MATCH, {"name": "Certified Weld\u00ading\r\nEngi\u200bneer", "body": "American Welding Society"})
    assert found["matchCertificate"]["entry"] == {"number": 73}
