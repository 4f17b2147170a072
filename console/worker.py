"""One of several processes that serve on one port: ``python -m console.worker LISTENER CHANNEL``, begun by ``console.workers`` alone.

Both arguments are numbers of sockets that the parent left open for this process.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

from console.program import run


def work(listener: socket.socket, channel: socket.socket) -> None:
    """Serve until told to stop, or until the parent is gone."""
    from console.logs import configure
    from console.serve_commands import serve_here
    from console.workers import handed_over
    from infrastructure.configuration import told
    from infrastructure.identity_provider import open_identity_provider
    from infrastructure.settings import Settings

    told.set(handed_over(channel))
    threading.Thread(target=_follow, args=[channel], daemon=True).start()
    settings = Settings()
    configure(settings.log_format)
    provider = open_identity_provider(settings)
    if provider is not None:
        provider.start()
    serve_here(settings, listener, provider, lambda: channel.sendall(b"1"))


def _follow(channel: socket.socket) -> None:
    """Stop when the parent is gone: then its end of the channel is closed, whatever ended it."""
    channel.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Take the sockets and serve; what is wrong is said in a sentence, as by every command."""
    listener, channel = (socket.socket(fileno=int(word)) for word in sys.argv[1:3])
    sys.exit(run([], lambda: work(listener, channel)))


if __name__ == "__main__":
    main()
