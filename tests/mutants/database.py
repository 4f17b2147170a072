"""One embedded PostgreSQL for every trial, so that no child starts a server, and none leaves one behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

TEMPLATE = "migrated_template"


class Host:
    """The server, kept by a process of its own while the context is open; as a pytest plugin, it is the fixture ``postgres``."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="registry-mutants-"))
        self._folder.chmod(0o711)
        command = [sys.executable, "-m", "tests.mutants.database", str(self._folder)]
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._keeper.stdout is not None
        self._url = self._keeper.stdout.readline().strip()
        if not self._url:
            raise SystemExit("no PostgreSQL to try mutants on")
        self._server: Any = None
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def attach(self) -> Any:
        """Use the server from this process."""
        from infrastructure.postgres.embedded import EmbeddedPostgres

        if self._server is None:
            self._server = EmbeddedPostgres(self._folder).start()
        return self._server

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """In place of a server of the test process's own."""
        if fixturedef.argname != "postgres":
            return None
        server = self.attach()
        fixturedef.cached_result = (server, fixturedef.cache_key(request), None)
        return server

    def tidy(self, child: int) -> None:
        """Drop the databases that a child has left."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            left = connection.execute(
                "SELECT datname FROM pg_database WHERE datname ^@ %s", (f"test_{child}_",)
            ).fetchall()
            for (name,) in left:
                connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _keep(folder: Path) -> None:
    from infrastructure.postgres.embedded import OWNER_ROLE, SUPERUSER, EmbeddedPostgres
    from infrastructure.postgres.migrations import migrate

    with EmbeddedPostgres(folder) as server:
        with psycopg.connect(server.owner_url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
        migrate(server.url(OWNER_ROLE, TEMPLATE))
        print(server.url(SUPERUSER, "postgres"), flush=True)  # noqa: T201 - this is what it is asked for
        with suppress(KeyboardInterrupt):
            sys.stdin.read()


if __name__ == "__main__":
    os.setsid()
    _keep(Path(sys.argv[1]))
