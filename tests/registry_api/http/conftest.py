"""A really running server for what needs one."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from tests.registry_api.http.sample import sample_app


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the sample application behind uvicorn on a free port of the loopback interface."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(sample_app(), log_config=None, access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server ended before it started"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    thread.join(timeout=10)
    listener.close()
