"""Serving with several workers: what Sanic's manager does, and what it leaves undone.

- A worker that was killed is not started again by Sanic; `_Keeper` asks for that.
- A signal before all workers serve hangs Sanic, a second one makes it kill its whole process group, and a group-wide
  one (Ctrl-C) cuts running requests. Here signals are blocked in all processes from the start; the main process
  waits for them in a thread, lets all workers come up, and stops each of them once.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from prometheus_client.multiprocess import mark_process_dead
from sanic import Sanic
from sanic.exceptions import ServerKilled
from sanic.mixins import startup
from sanic.worker.constants import ProcessState
from sanic.worker.loader import AppLoader
from sanic.worker.manager import WorkerManager

from shardmart.settings import Settings, WrongSetting
from shardmart.web.metrics import DIRECTORY

log = logging.getLogger(__name__)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
START_SECONDS, PAUSE_SECONDS, RESTART_PAUSE_SECONDS = 60.0, 0.1, 1.0
_PR_SET_PDEATHSIG = 1
_ENDED = (ProcessState.FAILED.name, ProcessState.COMPLETED.name)

AnyApp = Sanic[Any, Any]


def serve(settings: Settings, *, factory: str = "shardmart.bootstrap:create_app") -> None:
    """Serves until SIGINT or SIGTERM; running requests are finished first.

    `factory` names a callable without arguments that makes the app from the environment: workers are new processes
    and make theirs with it.
    """
    resource_tracker.ensure_running()  # it unblocks signals when it starts, so it starts first
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    keeper = _Keeper()
    with _metrics_directory():
        startup.Manager = _table_of_states  # type: ignore[attr-defined]
        app = _make_app(factory)
        app.register_listener(keeper.start, "main_process_ready")
        app.prepare(
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            access_log=False,
            motd=False,
            backlog=1024,
        )
        Sanic.serve(primary=app, app_loader=AppLoader(factory=partial(_make_worker_app, factory)))


def require_address(settings: Settings) -> None:
    """Raises WrongSetting when nobody could listen where the settings say."""
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise WrongSetting(f"SHARDMART_HOST, SHARDMART_PORT: cannot listen on {host}:{port} ({why})") from None


def serving_workers(states: Mapping[str, Any]) -> int:
    """How many of the workers in Sanic's table of states serve."""
    return sum(1 for state in states.values() if state.get("server") and _serves(state))


def _serves(state: Mapping[str, Any]) -> bool:
    return bool(state.get("serving")) and state.get("state") == ProcessState.ACKED.name


def stop_on_signal(app: AnyApp) -> None:
    """To be called in a worker once it serves: one graceful stop, however many signals come.

    Sanic's own handlers are taken off because it removes them when it begins to stop, after which a second signal
    would end the process at once.
    """
    loop = app.loop
    for number in STOP_SIGNALS:
        loop.remove_signal_handler(number)
    stopping = threading.Event()

    def stop(number: int, frame: object) -> None:
        if not stopping.is_set():
            stopping.set()
            app.ctx.finish.closing = True
            loop.call_soon_threadsafe(partial(app.stop, terminate=False))

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Asks Linux to send this process a signal when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _table_of_states() -> SyncManager:
    """The process in which Sanic keeps the states of its workers; without this it would outlive a killed parent."""
    manager = SyncManager()
    manager.start(initializer=die_with_parent)
    return manager


def _make_app(factory: str) -> AnyApp:
    module, _, name = factory.partition(":")
    make: Callable[[], AnyApp] = getattr(importlib.import_module(module), name)
    return make()


def _make_worker_app(factory: str) -> AnyApp:
    """Runs in a worker process, before anything else of ours."""
    parent = os.getppid()
    die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the main process is gone")
    app = _make_app(factory)
    app.register_listener(stop_on_signal, "after_server_start")
    return app


class _Keeper:
    """Two threads beside Sanic's manager in the main process. They talk to it by its own messages."""

    _manager: WorkerManager

    def __init__(self) -> None:
        self._asked_to_stop = threading.Event()
        self._stopping = False
        self._restarts_allowed_at: dict[str, float] = {}
        self._listen()

    def start(self, app: AnyApp) -> None:
        self._manager = app.manager
        self._manager.kill = partial(_kill_workers, app.manager)  # type: ignore[method-assign]
        self._listen()  # Sanic's manager has just put its own handlers there
        for task in (self._stop_when_asked, self._restart_the_dead):
            threading.Thread(target=task, daemon=True, name=task.__name__).start()

    def _listen(self) -> None:
        """Threads that were there before may not have blocked the signals; then this hears of them."""
        for number in STOP_SIGNALS:
            signal.signal(number, lambda number, frame: self._asked_to_stop.set())

    def _stop_when_asked(self) -> None:
        while not (self._asked_to_stop.is_set() or signal.sigpending() & set(STOP_SIGNALS)):
            time.sleep(PAUSE_SECONDS)
        log.info("stopping")
        self._stopping = True
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._starting():
            time.sleep(PAUSE_SECONDS)
        for name in self._starting():
            self._kill(name)
        self._stop_listening()
        self._manager.monitor_publisher.send(None)
        self._manager.shutdown()  # type: ignore[no-untyped-call]

    def _stop_listening(self) -> None:
        """Or new connections would wait, unanswered, until the last worker has finished."""
        listener = self._manager._server_settings.get("sock")
        if listener is not None:
            listener.close()

    def _restart_the_dead(self) -> None:
        while self._starting():
            time.sleep(PAUSE_SECONDS)
        while not self._stopping:
            for process in list(self._manager.transient_processes):
                if process.state.name in _ENDED and time.monotonic() > self._restarts_allowed_at.get(
                    process.name, 0.0
                ):
                    self._restart(process)
            time.sleep(PAUSE_SECONDS)

    def _restart(self, process: Any) -> None:
        log.error("a worker ended, starting it again", extra={"worker": process.name, "worker_pid": process.pid})
        if process.pid and os.environ.get(DIRECTORY):
            mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
        self._restarts_allowed_at[process.name] = time.monotonic() + RESTART_PAUSE_SECONDS
        self._manager.monitor_publisher.send(f"{process.name}:")

    def _starting(self) -> list[str]:
        """The workers that neither serve nor have ended."""
        try:
            states = dict(self._manager.worker_state)
        except (OSError, EOFError):  # Sanic's table of states is gone: it has stopped
            return []
        workers = {name: state for name, state in states.items() if state.get("server")}
        return [name for name, state in workers.items() if not _serves(state) and state.get("state") not in _ENDED]

    def _kill(self, name: str) -> None:
        for process in self._manager.processes:
            if process.name == name:
                os.kill(process.pid, signal.SIGKILL)


def _kill_workers(manager: WorkerManager) -> None:
    """In place of Sanic's, which kills the process group and with it whoever started us."""
    for process in manager.processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    raise ServerKilled


@contextlib.contextmanager
def _metrics_directory() -> Any:
    """Where the workers leave their figures, empty at the start."""
    given = os.environ.get(DIRECTORY)
    path = Path(given or tempfile.mkdtemp(prefix="shardmart-metrics-"))
    path.mkdir(parents=True, exist_ok=True)
    for old in path.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[DIRECTORY] = str(path)
    try:
        yield
    finally:
        if not given:
            shutil.rmtree(path, ignore_errors=True)
