"""The GraphQL clients of web applications, against a running server."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.transport.test_audit import node_or_skip

CLIENTS = Path(__file__).parents[1] / "http_clients"


def test_clients_complete_the_handshake_of_persisted_queries(server: str, tmp_path: Path) -> None:
    """Apollo Client and urql, by POST and GET: a hash, then the document, from then on the hash alone; each with 200."""
    node, npm = node_or_skip()
    for name in ("package.json", "package-lock.json", "persisted.mjs"):
        shutil.copy(CLIENTS / name, tmp_path)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=tmp_path, check=True, capture_output=True)
    run = subprocess.run(
        [node, "persisted.mjs", f"{server}/graphql"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [
        f"{client} {method} {turn}: guest after {sent}"
        for client in ("apollo", "urql")
        for method in ("POST", "GET")
        for turn, sent in (("first", "200 hash, 200 document"), ("again", "200 hash"))
    ]


def test_the_lock_file_names_no_server() -> None:
    """Packages are pinned by digest and fetched from whatever registry the machine is set up with."""
    lock = (CLIENTS / "package-lock.json").read_text()
    assert "sha512-" in lock
    assert not re.search(r"https?://|\"resolved\"", lock)
