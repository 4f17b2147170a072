"""The programs of a cluster: the machine's own where they are installed, else Debian's packages unpacked beside them.

PostgreSQL 15, etcd and HAProxy come from Debian, Patroni from PyPI, pinned by ``requirements.lock``, in an environment of its own that
whoever the servers run as can read. Nothing is installed on the machine, and what was fetched once is kept.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_POSTGRES: Final = Path("usr/lib/postgresql/15/bin")
_PACKAGES: Final = {
    "etcd": ("etcd-server",),
    "haproxy": ("haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"),
    "postgres": ("postgresql-15", "postgresql-client-15", "libpq5"),
}
_LOCK: Final = Path(__file__).with_name("requirements.lock")
RUN_AS: Final = ("postgres", "pgserver", "nobody")
"""System users as whom the servers run where the drill is root's, which PostgreSQL refuses; the first that there is."""


@dataclass(frozen=True)
class Programs:
    """Where each program is, and how it is run."""

    etcd: Path
    haproxy: Path
    postgres: Path
    """The folder of PostgreSQL's binaries."""
    patroni: Path
    environment: dict[str, str]
    user: pwd.struct_passwd | None
    """As whom the servers run; None: as oneself."""

    def start(self, words: list[str], log: Path, **more: str) -> subprocess.Popen[bytes]:
        """Run a program in a session of its own, with what it says in a file."""
        with log.open("ab") as sink:
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=self.environment | more,
                cwd="/",
                start_new_session=True,
                **self.identity(),
            )

    def identity(self) -> dict[str, object]:
        """As whom, in the words of ``subprocess``."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a path to whom the servers run as."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)


def programs(folder: Path) -> Programs:
    """All of them, fetched into a folder where they are not on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    unpacked = folder / "unpacked"
    unpacked.mkdir(exist_ok=True)
    unpacked.chmod(0o755)
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postgresql/15/bin"])
    found = {name: shutil.which(name, path=path) for name in ("etcd", "haproxy")}
    where = {
        "etcd": Path(found["etcd"] or unpacked / "usr/bin/etcd"),
        "haproxy": Path(found["haproxy"] or unpacked / "usr/sbin/haproxy"),
        "postgres": next((each for each in (Path("/") / _POSTGRES, unpacked / _POSTGRES) if each.exists()), None)
        or unpacked / _POSTGRES,
    }
    for name, program in where.items():
        if not program.exists():
            _unpack(_PACKAGES[name], unpacked)
    libraries = [str(unpacked / "usr/lib/x86_64-linux-gnu"), os.environ.get("LD_LIBRARY_PATH", "")]
    user = next(map(pwd.getpwnam, filter(_exists, RUN_AS)), None) if os.geteuid() == 0 else None
    return Programs(
        where["etcd"],
        where["haproxy"],
        where["postgres"],
        _patroni(folder / "patroni"),
        {
            "PATH": f"{where['postgres']}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
            "HOME": "/",
        },
        user,
    )


def _exists(name: str) -> bool:
    return name in {each.pw_name for each in pwd.getpwall()}


def _unpack(names: tuple[str, ...], into: Path) -> None:
    for name in names:
        subprocess.run(["apt-get", "download", name], check=True, cwd=into, capture_output=True)
        for package in into.glob(f"{name}_*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(into)], check=True)
            package.unlink()


def _patroni(environment: Path) -> Path:
    """Patroni's own environment; made again where the lock names other versions."""
    mark = environment / "installed"
    if not mark.exists() or mark.read_bytes() != _LOCK.read_bytes():
        shutil.rmtree(environment, ignore_errors=True)
        # Debian's own, since this very interpreter may lie where whoever the servers run as may not read.
        python = shutil.which("python3", path="/usr/bin") or sys.executable
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        pip = [str(environment / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, "--require-hashes", "-r", str(_LOCK)], check=True)
        mark.write_bytes(_LOCK.read_bytes())
    return environment / "bin/patroni"
