"""Attestations for people: where the API says that one is had, the page that downloads it, and that a missing key is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from application.attestation import LIFETIME
from infrastructure.attestation.keys import (
    ATTESTATION_KEY_FILE,
    listed,
    remarks_on_keys,
    rotate,
    trouble_of_keys,
)
from infrastructure.composition import utc_now
from infrastructure.doctor import Health, examine
from tests.api.conftest import Api, Clock, opened
from tests.api.test_attestation import approved
from tests.conftest import TEMPLATE, _database
from tests.console_web.conftest import close_clients, signed_in

ISSUER = "http://localhost:8000/titles-office"


@pytest.fixture(scope="module")
def site(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A registry under a public address, where cookies go without TLS as on this machine."""
    databases = _database(postgres, TEMPLATE)
    with opened(next(databases), tmp_path_factory.mktemp("site"), Clock(), public_url=ISSUER) as api:
        yield api
        close_clients()
    next(databases, None)


URL = """query ($id: ID!, $at: DateTime) { case(id: $id, asOf: $at) { title { attestationUrl }
    history { state { title { attestationUrl } } } } }"""


def test_its_address_is_told_to_whoever_gets_one(site: Api) -> None:
    """By the API and on the page of the case, where a button downloads it; to nobody else, and of no state that was."""
    title = approved(site, "U-1")
    applicant = site.token("APPLICANT")
    told = site.ask(URL, {"id": title["case"]}, applicant)["case"]
    address = told["title"]["attestationUrl"]
    assert address == f"{ISSUER}/titles/{title['title']['id']}/attestation"
    assert {each["state"]["title"] and each["state"]["title"]["attestationUrl"] for each in told["history"]} == {None}
    headers = {"Authorization": f"Bearer {applicant}"}
    assert site.client.get(urlsplit(address).path.removeprefix("/titles-office"), headers=headers).status_code == 200
    now = site.clock.now.isoformat()
    assert site.ask(URL, {"id": title["case"], "at": now}, applicant)["case"]["title"]["attestationUrl"] is None
    for role in ("AUDITOR", "ADMINISTRATOR", "PRIVACY_OFFICER"):
        assert site.ask(URL, {"id": title["case"]}, site.token(role))["case"]["title"]["attestationUrl"] is None

    who = signed_in(site, "APPLICANT")
    page = f"/cases/{title['caseNumber']}/attestation"
    assert f'href="{page}"' in who.get(f"/cases/{title['caseNumber']}").text
    document = who.post(page, {})
    assert document.headers["content-type"] == "application/dc+sd-jwt"
    assert f'filename="{title["caseNumber"]}.sd-jwt"' in document.headers["content-disposition"]
    assert document.headers["cache-control"] == "no-store"
    assert document.text.endswith("~")
    assert document.text.count("~") > 5  # what its holder discloses one by one
    assert signed_in(site, "AUDITOR").get(page).status_code == 403


def test_a_key_that_is_not_at_hand_is_noticed(site: Api, tmp_path: Path) -> None:
    """``/readyz``, the doctor and the page say so with the way out, and everything else goes on; so is a key that should go before long."""
    page = f"/cases/{approved(site, 'U-2', 'E76543219')['caseNumber']}/attestation"
    who, settings = signed_in(site, "APPLICANT"), site.registry.settings
    assert site.client.get("/readyz").json()["checks"]["attestation"] == "ok"
    key = settings.data_dir / ATTESTATION_KEY_FILE
    newest = listed(site.registry.database.app_url)[0].kid
    key.rename(tmp_path / "aside")
    after_years = site.registry.clock() + 3 * LIFETIME
    with psycopg.connect(site.registry.database.app_url) as connection:
        trouble = trouble_of_keys(connection, key)
        remarks = remarks_on_keys(connection, after_years)
    assert trouble is not None
    assert "put it from its copy" in str(trouble)
    assert [each.key for each in remarks] == ["attestation.key_old"]
    site.registry.attestations._keys._at_hand.clear()  # type: ignore[attr-defined]  # as after a restart
    refused = who.post(page, {})
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert newest not in refused.text  # which key it is, is for operators
    ready = site.client.get("/readyz")
    assert ready.status_code == 200
    assert newest in ready.json()["checks"]["attestation"]
    looked = {each.part: each for each in examine(settings.model_copy(update=database_of(site)), lambda _error: None)}
    assert looked["attestation"].health is Health.BAD
    assert newest in str(looked["attestation"].said)
    (tmp_path / "aside").rename(key)
    first = rotate(site.registry.database.owner_url, key, "os:0/x@y")
    assert first != newest
    with psycopg.connect(site.registry.database.app_url) as connection:
        assert trouble_of_keys(connection, key) is None
        assert remarks_on_keys(connection, site.registry.clock()) == []
        spent = remarks_on_keys(connection, utc_now() + LIFETIME + timedelta(days=2))
    assert [each.key for each in spent] == ["attestation.key_spent"]


def database_of(site: Api) -> dict[str, str]:
    """By which settings the doctor opens the database of the test."""
    return {"database_url": site.registry.database.app_url, "database_owner_url": site.registry.database.owner_url}
