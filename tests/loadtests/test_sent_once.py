from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.demo import ROOT

PUT = """
import sys
from locust.contrib.fasthttp import FastHttpSession
from locust.event import EventHook
from loadtests.common.once import sent_once

session = FastHttpSession(sys.argv[1], EventHook(), None, max_retries=0)  # as every user has it
if sys.argv[2] == "once":
    with sent_once(session):
        session.put("/")
session.put("/again")
"""


@pytest.fixture
def deaf() -> Iterator[tuple[str, list[bytes]]]:
    """A server that ends every connection before it answers, and what it was asked."""
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(65_536).split(b" ")[1])

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize("how", ["once", "often"])
def test_what_must_be_sent_once_is_not_repeated_when_its_connection_ends(
    deaf: tuple[str, list[bytes]], how: str
) -> None:
    """In a process of its own, as gevent wants it; otherwise Locust's client repeats it."""
    url, asked = deaf
    subprocess.run([sys.executable, "-c", PUT, url, how], cwd=ROOT, timeout=60, check=True)
    assert asked.count(b"/") == (1 if how == "once" else 0)
    assert asked.count(b"/again") > 1
