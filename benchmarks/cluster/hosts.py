"""Hosts that serve one registry: processes of ``recognition serve`` with a data folder each, which share keys and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.cluster.nodes import free_port, until
from infrastructure.identity import DevelopmentIssuer

SHARED: Final = ("master.keys", "log.keys")
"""What hosts share of their data folders, beside the key of development tokens; evidence would lie in a bucket."""


@dataclass
class Host:
    """One server, and what it said."""

    folder: Path
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    starts: int = 0

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and return once it does."""
        self.starts += 1
        command = [sys.executable, "-m", "console", "serve", "--port", str(self.port)]
        with (self.folder / "server.log").open("a") as sink:
            self.process = subprocess.Popen(command, env=dict(self.environment), stdout=sink, stderr=sink, text=True)
        until(lambda: httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200, 240, "a server")

    def stop(self) -> None:
        """Tell it to end, as a service manager does, and wait until it has."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def ready(self) -> dict[str, Any]:
        """What ``/readyz`` says."""
        found: dict[str, Any] = httpx.get(f"{self.url}/readyz", timeout=5).json()
        return found

    def unexpected(self) -> list[str]:
        """Lines of its log that tell of a defect."""
        lines = (self.folder / "server.log").read_text().splitlines()
        return [line for line in lines if re.search(r"Unexpected|Traceback|INTERNAL", line)]


@contextlib.contextmanager
def hosts(folder: Path, url: str, read_urls: Sequence[str], size: int = 2) -> Iterator[list[Host]]:
    """So many hosts before a database."""
    made: list[Host] = []
    try:
        for number in range(1, size + 1):
            own = folder / f"host{number}"
            own.mkdir(mode=0o700)
            if made:
                for name in (*SHARED, DevelopmentIssuer.FILE):
                    if (made[0].folder / name).exists():
                        shutil.copy2(made[0].folder / name, own / name)
            environment = {
                key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION"))
            }
            environment |= {
                "RECOGNITION_DATA_DIR": str(own),
                "DATABASE_URL": url,
                "DATABASE_READ_URLS": ",".join(read_urls),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "COLUMNS": "200",
            }
            made.append(Host(own, environment))
            made[-1].start()
        yield made
    finally:
        for each in made:
            if each.process is not None and each.process.poll() is None:
                each.process.terminate()
        deadline = time.monotonic() + 15
        for each in made:
            if each.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    each.process.wait(max(0.1, deadline - time.monotonic()))
                if each.process.poll() is None:
                    each.process.kill()
