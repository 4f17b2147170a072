"""The process that owns one embedded PostgreSQL server and outlives whoever started it.

Run as a program of its own (`python -I -S keeper.py …`, standard library only), never imported by the registry. It is
the server's parent: it starts it, reaps it, starts it again when it crashes, and stops it once nobody uses it.

Three files in the run folder carry all coordination, each by `flock`, which the kernel releases when a process ends
in whatever way:

`users.lock`
    Every process that uses the server holds it shared. The keeper waits for it exclusively: it gets it when the last
    user is gone, `kill -9` included, and holds it until the server has stopped, so that nobody connects to a server
    that is on its way out.
`keeper.lock`
    Held exclusively by the keeper as long as it lives; its content is the keeper's process id.
`start.lock`
    Held exclusively by whoever starts or stops the server; the keeper never takes it.

Should the keeper itself be killed, Linux sends the server a fast shutdown (PR_SET_PDEATHSIG); elsewhere the orphan is
stopped by the next start.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

PR_SET_PDEATHSIG = 1
FAST_SHUTDOWN_SECONDS = 60
IMMEDIATE_SHUTDOWN_SECONDS = 10
REPEAT_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 30
LOCK_IS_TAKEN = 3


class _ServerEndedError(Exception):
    """The server process ended while it was in use."""


class _StopRequestedError(Exception):
    """Somebody asked the keeper to end (SIGTERM): the last user, or the operating system as it shuts down."""


def _ended(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _ServerEndedError


def _stop_requested(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _StopRequestedError


def _before_the_server_runs() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _launch(command: list[str], uid: int, gid: int, log: Path) -> subprocess.Popen[bytes]:
    is_other = os.geteuid() != uid
    with log.open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - the command line comes from the process that started this one
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
            umask=0o077,
            start_new_session=True,
            preexec_fn=_before_the_server_runs,  # noqa: PLW1509 - the keeper has a single thread
            user=uid if is_other else None,
            group=gid if is_other else None,
            extra_groups=[] if is_other else None,
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: fast shutdown (a checkpoint, no recovery next time), then ever less politely.

    Each request is repeated: a server that was started a moment ago ignores signals until it has set up its handlers.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for how, patience in (
        (signal.SIGINT, FAST_SHUTDOWN_SECONDS),
        (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_SECONDS),
        (signal.SIGKILL, FAST_SHUTDOWN_SECONDS),
    ):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            server.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(REPEAT_SECONDS)
                return


def _keep(command: list[str], uid: int, gid: int, log: Path, users: int) -> None:
    """Run the server until nobody uses it; start it again after a crash.

    A server that ends within its first moments is not started again: whoever started it waits for it and reports
    why. One that has run is started again for as long as somebody uses it, with growing pauses: backends of a killed
    postmaster may still hold its shared memory for a moment, and a full disk has room again when somebody makes it.
    """
    crashes = 0
    was_steady = False
    while True:
        begun = time.monotonic()
        server: subprocess.Popen[bytes] | None = None
        signal.signal(signal.SIGCHLD, _ended)
        try:
            # Neither signal may come between the server's start and our knowing it.
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD, signal.SIGTERM))
            server = _launch(command, uid, gid, log)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGCHLD, signal.SIGTERM))
            fcntl.flock(users, fcntl.LOCK_EX)
        except _ServerEndedError:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # A server that could not start says so by its exit code; one that was stopped, however soon, had run.
            code = None if server is None else server.wait()
            was_steady = was_steady or code == 0
        except _StopRequestedError:
            if server is not None:
                _stop(server)
            return
        else:
            _stop(server)
            return
        lasted = time.monotonic() - begun
        was_steady = was_steady or lasted > 1
        crashes = 1 if lasted > STEADY_SECONDS else crashes + 1
        if not was_steady:
            return
        time.sleep(min(FIRST_PAUSE_SECONDS * 2 ** min(crashes - 1, 10), LONGEST_PAUSE_SECONDS))
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return  # whoever used it was killed with it: the next user starts it


def main(arguments: list[str]) -> int:
    """Take the keeper's lock, detach, and keep the server: RUN_FOLDER SOCKET_FOLDER LOG UID GID COMMAND….

    Returns once the lock is held and the keeper goes on by itself in the background; 3 when another one holds it.
    """
    run, sockets, log = (Path(argument) for argument in arguments[:3])
    uid, gid = int(arguments[3]), int(arguments[4])
    lock = os.open(run / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return LOCK_IS_TAKEN
    if os.fork() > 0:
        return 0
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop_requested)
    os.ftruncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    users = os.open(run / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with contextlib.suppress(_StopRequestedError):
        _keep(arguments[5:], uid, gid, log, users)
    if sockets != run:
        with contextlib.suppress(OSError):
            sockets.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
