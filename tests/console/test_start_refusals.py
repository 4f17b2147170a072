"""What can't work is refused at the start, before anything is made; what may come back is served without, and told."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from infrastructure.composition import MASTER_KEY_FILE, open_registry
from infrastructure.sealing.errors import MasterKeyError
from infrastructure.sealing.master import MasterKeys
from infrastructure.settings import Settings

from .test_errors import run, run_alone

KEY = OKPKey.generate_key("Ed25519", {"kid": "ed"})
OTHER = ECKey.generate_key("P-384", {"kid": "p384"})
ISSUER = "https://id.example"


def settings(folder: Path, jwks: str, **more: str) -> dict[str, str]:
    """The environment of a server with an identity provider."""
    return {
        "RECOGNITION_DATA_DIR": str(folder),
        "RECOGNITION_JWKS": jwks,
        "RECOGNITION_TOKEN_ISSUER": ISSUER,
        **more,
    }


@pytest.mark.parametrize(
    ("jwks", "words"),
    [
        ("/nowhere/keys.json", "its file can't be read"),
        ("http://id.example/jwks", "plain http is for this machine only"),
        ("ftp://id.example/jwks", "it is no https address"),
        ("empty", "JSON of the form"),
        ("unusable", "key 1 (p384): its type is none of"),
    ],
)
def test_a_key_set_that_cannot_work_is_refused(data_dir: Path, tmp_path: Path, jwks: str, words: str) -> None:
    """A sentence that names the setting, exit code 2, and nothing was made: no data directory, no database."""
    (tmp_path / "empty").write_text("")
    (tmp_path / "unusable").write_text(json.dumps({"keys": [OTHER.as_dict(private=False)]}))
    named = str(tmp_path / jwks) if jwks in {"empty", "unusable"} else jwks
    done = run("serve", "--port", "0", **settings(data_dir, named))
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in said
    assert "RECOGNITION_JWKS" in said
    assert words in said
    assert list(data_dir.iterdir()) == []


def test_a_spoilt_development_key_is_a_sentence(tmp_path: Path) -> None:
    """It names the file and what to do with it."""
    path = tmp_path / "development-issuer.json"
    path.write_text("{")
    path.chmod(0o600)
    done = run("token", "--role", "AUDITOR", RECOGNITION_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert f"{path} is spoilt; remove it" in " ".join(done.stderr.split())


def test_an_identity_provider_needs_its_issuer(data_dir: Path) -> None:
    """Without the issuer any token of anybody's would do: refused, naming the setting."""
    unnamed = settings(data_dir, "https://id.example/jwks", RECOGNITION_TOKEN_ISSUER="")
    done = run_alone("serve", "--port", "0", **unnamed)
    assert done.returncode == 2
    assert "RECOGNITION_TOKEN_ISSUER" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(data_dir.iterdir()) == []


@contextmanager
def serving(environment: dict[str, str], log: Path) -> Iterator[str]:
    """``recognition serve`` in a process of its own; its address."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION"))}
    path = {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    with log.open("wb") as errors:
        server = subprocess.Popen(
            [sys.executable, "-m", "console", "serve", "--port", "0"],
            env=kept | path | environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            found = re.search(r"(http://\S+)/graphql", line)
            if found:
                yield found.group(1)
                break
        else:
            raise AssertionError(log.read_text())
    finally:
        server.terminate()
        server.wait(30)
        server.stdout.close()


def asked(address: str) -> httpx.Response:
    """A question under a token that the provider signed."""
    claims: dict[str, Any] = {"iss": ISSUER, "aud": "recognition-registry", "sub": "u", "role": "AUDITOR"}
    token = jwt.encode({"alg": "Ed25519", "kid": "ed"}, claims | {"exp": 4_000_000_000}, KEY, algorithms=["Ed25519"])
    return httpx.post(
        f"{address}/graphql",
        json={"query": "{ status { position } }"},
        headers={"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"},
        timeout=30,
    )


def test_a_provider_that_does_not_answer_is_told_and_blames_no_token(data_dir: Path, tmp_path: Path) -> None:
    """The server runs, since the provider may start later: ``/readyz`` and the log say it, and a token is answered with 503."""
    log = tmp_path / "log"
    with serving(settings(data_dir, "http://127.0.0.1:1/jwks"), log) as address:
        ready = httpx.get(f"{address}/readyz", timeout=30)
        assert (ready.status_code, ready.json()["failing"]) == (503, ["identityProvider"])
        assert "nobody answers there" in ready.json()["checks"]["identityProvider"]
        answer = asked(address)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        assert answer.headers["Retry-After"]
        public = httpx.post(f"{address}/graphql", json={"query": "{ catalogs { code } }"}, timeout=30)
        assert public.json()["data"]["catalogs"]
    assert log.read_text().count("key set can't be used: nobody answers there") == 1


def test_what_of_a_key_set_is_not_used_is_said(data_dir: Path, tmp_path: Path) -> None:
    """One key can be used and one can't: tokens are believed, and the log and ``/readyz`` name what was left out."""
    keys, log = tmp_path / "keys.json", tmp_path / "log"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in (OTHER, KEY)]}))
    with serving(settings(data_dir, str(keys)), log) as address:
        ready = httpx.get(f"{address}/readyz", timeout=30)
        assert ready.status_code == 200
        assert "key 1 (p384): its type is none of" in ready.json()["checks"]["identityProvider"]
        assert asked(address).json()["data"]["status"]["position"]
    assert log.read_text().count("p384") == 1


def test_no_master_key_is_made_beside_wrapped_keys(database: Any, data_dir: Path, tmp_path: Path) -> None:
    """Another data directory on the same database: refused in a sentence that names the key, with nothing written."""
    own = {"database_url": database.app_url, "database_owner_url": database.owner_url}
    with open_registry(Settings(data_dir=data_dir, **own)):
        pass
    needed = MasterKeys.load(data_dir / MASTER_KEY_FILE).current_id
    before = rows(database)
    done = run(
        "serve",
        "--port",
        "0",
        DATABASE_URL=database.app_url,
        DATABASE_OWNER_URL=database.owner_url,
        RECOGNITION_DATA_DIR=str(tmp_path),
    )
    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert f"wrapped by the master key {needed}" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    MasterKeys.generate().save(tmp_path / MASTER_KEY_FILE)
    strangers = (tmp_path / MASTER_KEY_FILE).read_bytes()
    with (
        pytest.raises(MasterKeyError, match=f"{needed}, and .* holds another registry's"),
        open_registry(Settings(data_dir=tmp_path, **own)),
    ):
        pass
    assert (tmp_path / MASTER_KEY_FILE).read_bytes() == strangers
    assert rows(database) == before
    shutil.copy(data_dir / MASTER_KEY_FILE, tmp_path / MASTER_KEY_FILE)
    with open_registry(Settings(data_dir=tmp_path, **own)):
        pass


def rows(database: Any) -> list[int]:
    """How many keys and events the database has."""
    counted = "SELECT (SELECT count(*) FROM registry.holder_keys), (SELECT count(*) FROM registry.events)"
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(counted).fetchone()
    assert found is not None
    return list(found)


def test_the_status_of_a_read_model_that_is_not_there_is_a_sentence(database: Any, data_dir: Path) -> None:
    """Not zeros that look like a healthy read model: what is missing, and how to make it."""
    done = run(
        "projections",
        "status",
        DATABASE_URL=database.app_url,
        DATABASE_OWNER_URL=database.owner_url,
        RECOGNITION_DATA_DIR=str(data_dir),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "The read model was not made yet" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("projections", "status"), ("keys", "status")])
@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_a_malformed_connection_string_is_a_sentence(data_dir: Path, words: tuple[str, ...], name: str) -> None:
    """It names the setting that is wrong, and quotes nothing of it."""
    given = {"DATABASE_URL": "postgresql://u@127.0.0.1:1/d", name: "postgresql+psycopg://u:pass-word@h/d"}
    done = run(*words, RECOGNITION_DATA_DIR=str(data_dir), **given)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{name} begins with another scheme than postgresql://" in " ".join(done.stderr.split())
    assert "pass-word" not in done.stderr
    assert "Traceback" not in done.stderr
