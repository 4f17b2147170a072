"""The page on identity providers: its settings are settings, and its tokens name whom they should under them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from domain.values import Role
from infrastructure.identity_provider import open_identity_provider
from infrastructure.settings import Settings
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "identity-provider.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"^## ([^\n]+)\n(?:(?!^## ).)*?^```env\n(.*?)^```\n+```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)
KEY = RSAKey.generate_key(2048, {"kid": "page", "use": "sig"})


@pytest.mark.parametrize(("provider", "written", "claims"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
def test_an_example_names_the_reviewer(
    provider: str, written: str, claims: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With these settings and these claims, signed by a key of the provider: the reviewer of Xihu, by the provider's own subject."""
    for line in written.splitlines():
        name, _, value = line.partition("=")
        assert name.removeprefix("RECOGNITION_").lower() in Settings.model_fields, name
        monkeypatch.setenv(name, value)
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}), "utf-8")
    monkeypatch.setenv("RECOGNITION_JWKS", str(jwks))
    found = open_identity_provider(Settings())
    assert found is not None
    found.start()
    stated = json.loads(claims) | {"exp": int(time.time()) + 60}
    actor = found.verify(jwt.encode({"alg": "RS256", "kid": "page"}, stated, KEY)).actor
    assert (actor.role, actor.authority_code) == (Role.REVIEWER, "330106-EI"), provider
    assert actor.subject == stated.get("oid", stated["sub"])


def test_the_page_has_every_provider_and_setting() -> None:
    """Three examples, and each setting of claims and of signing in is named."""
    assert [each[0] for each in EXAMPLES] == ["Keycloak", "Microsoft Entra ID", "Any other provider"]
    wanted = [name for name in Settings.model_fields if name.startswith(("claim_", "oidc_", "token_", "jwks"))]
    assert len(wanted) > 10
    assert [name for name in wanted if f"RECOGNITION_{name.upper()}" not in PAGE] == []
