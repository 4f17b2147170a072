"""A log as a registry serves it, verified by Go's checksum database: ``python -m tests.log.served_log`` (``make log-go``).

Starts a registry of its own, records cases over the API in two rounds, and after each has Go read the whole log from its address:
checkpoint, tiles, bundles, inclusion, and growth since the round before. Needs Debian's golang-go and golang-golang-x-mod-dev.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from console.demo import Demo
from console.serve_commands import listening
from console.serving import build_app, served
from infrastructure.composition import open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings

GOPATH = Path("/usr/share/gocode")
PROGRAM = Path(__file__).with_name("go") / "served.go"


def main() -> int:
    """Two rounds; the exit code of Go's first complaint, else 0."""
    go = shutil.which("go")
    if go is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        print("Go or its module is not there: apt-get install golang-go golang-golang-x-mod-dev", file=sys.stderr)  # noqa: T201 - a script that says why it does nothing
        return 2
    with tempfile.TemporaryDirectory(prefix="served-log-") as name, listening("127.0.0.1", 0) as listener:
        folder = Path(name)
        folder.chmod(0o711)
        settings = Settings(data_dir=folder, database_url=None, database_owner_url=None)
        with open_registry(settings) as registry, served(build_app(registry), listener, settings):
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            issuer = DevelopmentIssuer(folder)
            for round_number in (1, 2):
                stories = Demo(f"{base}/graphql", issuer.issue, f"{round_number:06d}")
                stories.approved()
                stories.refused()
                time.sleep(3)
                code = _asked(go, registry.database.app_url, base, folder)
                if code:
                    return code
    return 0


def _asked(go: str, url: str, base: str, folder: Path) -> int:
    from infrastructure.log.epochs import epochs

    [epoch] = epochs(url)
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off"}
    words = [go, "run", str(PROGRAM), f"{base}/log/1", epoch.vkeys[0], str(folder)]
    return subprocess.run(words, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
