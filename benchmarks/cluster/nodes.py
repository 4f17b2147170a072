"""Three nodes of PostgreSQL under Patroni, their agreement in etcd, and HAProxy, which leads to the one that is leader: all on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import psycopg

from benchmarks.cluster.packages import Programs

NODES: Final = 3
TTL: Final = 20
"""Seconds after which a leader that says nothing is none; Patroni takes no fewer."""
OWNER: Final = "registry_owner"
DATABASE: Final = "registry"
_HEALTH: Final = {"timeout": 2.0}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def until(holds: Callable[[], Any], patience: float, what: str) -> Any:
    """Wait until something holds, and answer it. Raises ``TimeoutError``."""
    deadline = time.monotonic() + patience
    while True:
        with contextlib.suppress(httpx.TransportError, psycopg.Error, OSError, ValueError, LookupError):
            if found := holds():
                return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} within {patience:.0f} s")
        time.sleep(0.1)


@dataclass
class Node:
    """One machine: Patroni, and the PostgreSQL that it looks after."""

    name: str
    folder: Path
    programs: Programs
    etcd: int
    port: int = field(default_factory=free_port)
    rest: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def url(self, user: str = "postgres", database: str = DATABASE) -> str:
        """The connection string of this very server."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database} connect_timeout=3"

    def start(self) -> None:
        """Start Patroni, which starts the rest."""
        if self.process is not None:
            self.process.wait()
        written = self.folder / f"{self.name}.yml"
        written.write_text(json.dumps(self._settings()))  # JSON is YAML
        written.chmod(0o644)
        self.process = self.programs.start([str(self.programs.patroni), str(written)], self.folder / f"{self.name}.log")

    def postmaster(self) -> psutil.Process | None:
        """PostgreSQL's first process, while it runs."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
            found = psutil.Process(int((self.folder / self.name / "postmaster.pid").read_text().split("\n", 1)[0]))
            if str(self.folder / self.name) in " ".join(found.cmdline()):
                return found
        return None

    def kill_postmaster(self) -> None:
        """Kill -9 of PostgreSQL's first process."""
        if (running := self.postmaster()) is not None:
            running.kill()

    def kill_patroni(self) -> None:
        """Kill -9 of Patroni alone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """As when the machine loses its power: all at once."""
        running = self.postmaster()
        backends = running.children(recursive=True) if running else []
        if self.process is not None:
            self.process.kill()
        for each in (*([running] if running else []), *backends):
            with contextlib.suppress(psutil.Error):
                each.kill()

    def receivers(self) -> list[psutil.Process]:
        """The processes that receive the log of the leader."""
        running = self.postmaster()
        found = running.children() if running else []
        return [each for each in found if "walreceiver" in " ".join(each.cmdline())]

    def _settings(self) -> dict[str, Any]:
        parameters = {
            "wal_level": "replica",
            "hot_standby": "on",
            "max_connections": 200,
            "max_wal_senders": 10,
            "max_replication_slots": 10,
            "wal_log_hints": "on",
            "wal_sender_timeout": "5s",
            "wal_receiver_timeout": "5s",
            "synchronous_commit": "on",
            "fsync": "on",
        }
        return {
            "scope": "registry",
            "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.rest}", "connect_address": f"127.0.0.1:{self.rest}"},
            "etcd3": {"host": f"127.0.0.1:{self.etcd}"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL,
                    "loop_wait": 2,
                    "retry_timeout": 5,
                    "primary_start_timeout": 0,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": True,
                    "postgresql": {"use_pg_rewind": True, "use_slots": True, "parameters": parameters},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.folder / self.name),
                "bin_dir": str(self.programs.postgres),
                "pgpass": str(self.folder / f"{self.name}.pgpass"),
                "parameters": {"unix_socket_directories": str(self.folder)},
                "pg_hba": [
                    "host all all 127.0.0.1/32 trust",
                    "host replication all 127.0.0.1/32 trust",
                    "local all all trust",
                ],
                "authentication": {
                    "superuser": {"username": "postgres", "password": "drill"},
                    "replication": {"username": "replicator", "password": "drill"},
                    "rewind": {"username": "postgres", "password": "drill"},
                },
            },
            "tags": {},
        }


@dataclass
class Cluster:
    """What is asked of the nodes together, and of whom Patroni says that it leads."""

    nodes: list[Node]
    writes: int
    """HAProxy's port, where the leader is."""

    def members(self) -> list[dict[str, Any]]:
        """The members, as Patroni tells them; of the first that answers."""
        for node in self.nodes:
            with contextlib.suppress(httpx.TransportError, ValueError):
                answer = httpx.get(f"http://127.0.0.1:{node.rest}/cluster", **_HEALTH)
                found: list[dict[str, Any]] = answer.json()["members"]
                if found:
                    return found
        return []

    def leader(self) -> Node | None:
        """The leader, if there is one that runs."""
        named = {each["name"] for each in self.members() if each["role"] == "leader" and each["state"] == "running"}
        return next((each for each in self.nodes if each.name in named), None)

    def synchronous(self) -> Node | None:
        """The standby without which no commit is told, if there is one."""
        named = {each["name"] for each in self.members() if each["role"] == "sync_standby"}
        return next((each for each in self.nodes if each.name in named), None)

    def new_leader(self, but: Node | None = None, patience: float = 90) -> Node:
        """Wait for a leader other than ``but`` that takes writes."""

        def found() -> Node | None:
            node = self.leader()
            if node is None or node is but:
                return None
            with psycopg.connect(node.url(database="postgres")) as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
            return node if row == (False,) else None

        node: Node = until(found, patience, "a leader")
        return node

    def whole(self, size: int = NODES, *, synchronous: bool = True) -> None:
        """Wait until so many nodes run, those that follow streaming, with one of them asked before a commit is told."""

        def is_whole() -> bool:
            members = self.members()
            running = [each for each in members if each["state"] in {"running", "streaming"}]
            roles = [each["role"] for each in members]
            return len(running) == size and "leader" in roles and (not synchronous or "sync_standby" in roles)

        until(is_whole, 120, f"{size} nodes")

    def configure(self, **changes: Any) -> None:
        """Change what all nodes agree on."""
        for node in self.nodes:
            with contextlib.suppress(httpx.TransportError):
                httpx.patch(f"http://127.0.0.1:{node.rest}/config", json=changes, **_HEALTH).raise_for_status()
                return

    def url(self, user: str = OWNER) -> str:
        """The connection string that leads to whoever leads."""
        return f"host=127.0.0.1 port={self.writes} user={user} dbname={DATABASE}"


@contextlib.contextmanager
def cluster(folder: Path, programs: Programs) -> Iterator[Cluster]:
    """A whole cluster with a database for a registry; everything ends with the context."""
    etcd_port, writes = free_port(), free_port()
    nodes = [Node(f"node{number}", folder, programs, etcd_port) for number in range(1, NODES + 1)]
    (folder / "etcd").mkdir(mode=0o700)
    programs.own(folder / "etcd")
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(programs.start(_etcd(programs, folder, etcd_port), folder / "etcd.log"))
        address = f"http://127.0.0.1:{etcd_port}"
        until(lambda: httpx.get(f"{address}/health", **_HEALTH).json()["health"] == "true", 30, "etcd")
        written = folder / "haproxy.cfg"
        written.write_text(_haproxy(nodes, writes))
        running.append(programs.start([str(programs.haproxy), "-db", "-f", str(written)], folder / "haproxy.log"))
        made = Cluster(nodes, writes)
        for node in nodes:
            node.start()
        leader = made.new_leader()
        with psycopg.connect(leader.url(database="postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        made.whole()
        until(lambda: psycopg.connect(made.url()).close() or True, 30, "HAProxy")
        yield made
    finally:
        for node in nodes:
            with contextlib.suppress(psutil.Error):
                if (running_server := node.postmaster()) is not None:
                    running_server.resume()
            for each in node.receivers():
                with contextlib.suppress(psutil.Error):
                    each.resume()
            node.kill()
            if node.process is not None:
                node.process.wait()
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait()


def _etcd(programs: Programs, folder: Path, port: int) -> list[str]:
    peer = free_port()
    return [
        str(programs.etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
    ]


def _haproxy(nodes: list[Node], writes: int) -> str:
    servers = "".join(f"    server {each.name} 127.0.0.1:{each.port} check port {each.rest}\n" for each in nodes)
    return (
        "global\n    maxconn 2000\ndefaults\n    mode tcp\n    timeout connect 2s\n    timeout client 1h\n"
        "    timeout server 1h\n    timeout check 2s\n"
        f"listen writes\n    bind 127.0.0.1:{writes}\n    option httpchk GET /primary\n    http-check expect status 200\n"
        "    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions\n" + servers
    )
