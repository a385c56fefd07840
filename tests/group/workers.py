"""Worker processes of one app node, started, asked, stopped, killed."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.group.scene import Scene
from tests.support.demo import ROOT, clean_environment

END_SECONDS = 20.0


class WorkerProcess:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[Any]] = {-1: asyncio.get_running_loop().create_future()}
        self._reading = asyncio.create_task(self._read())

    @property
    def ready(self) -> asyncio.Future[Any]:
        return self._answers[-1]

    def ask(self, do: str, **arguments: Any) -> asyncio.Future[Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n")
        return self._answers[number]

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def end(self) -> None:
        """In peace if it still lives."""
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), END_SECONDS)
            except asyncio.TimeoutError:
                self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            future = self._answers[answer["id"]]
            if future.done():
                continue
            if "ok" in answer:
                future.set_result(answer["ok"])
            else:
                future.set_exception(AssertionError(answer["error"]))
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionError("the worker is gone"))
                future.exception()


class Node:
    """An app node: its workers, and where they meet."""

    def __init__(self, scene: Scene, workers: list[WorkerProcess]) -> None:
        self.scene, self.workers = scene, workers
        self.lock, self.socket = (scene.runtime_dir / f"committer.{kind}" for kind in ("lock", "sock"))

    async def leader(self, *, within: float = 10.0, among: list[WorkerProcess] | None = None) -> WorkerProcess:
        """The one that leads; all others asked must follow it."""
        loop = asyncio.get_running_loop()
        asked = among or self.workers
        until = loop.time() + within
        while True:
            states = await asyncio.gather(*(worker.ask("state") for worker in asked))
            leading = [worker for worker, state in zip(asked, states, strict=True) if state["leads"]]
            if len(leading) == 1 and all(state["leads"] or state["follows"] for state in states):
                return leading[0]
            assert loop.time() < until, f"no single committer within {within} s: {states}"
            await asyncio.sleep(0.05)

    def others(self, worker: WorkerProcess) -> list[WorkerProcess]:
        return [other for other in self.workers if other is not worker]

    async def figures(self, name: str) -> float:
        states = await asyncio.gather(*(worker.ask("state") for worker in self.workers))
        return float(sum(state[name] for state in states))


@asynccontextmanager
async def app_node(scene: Scene, number: int = 2, uri: str | None = None, **settings: str) -> AsyncIterator[Node]:
    """`number` workers that share a committer, unless the settings name another strategy."""
    known = {
        "SHARDMART_MONGO_URI": uri or scene.uri,
        "SHARDMART_MONGO_DATABASE": scene.mongo.db.name,
        "SHARDMART_SECRET_KEY": os.urandom(32).hex(),
        "SHARDMART_CHECKOUT": "group",
        "SHARDMART_RUNTIME_DIR": str(scene.runtime_dir),
        **settings,
    }
    environment = clean_environment(**known)
    workers = []
    try:
        for _ in range(number):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.group.worker",
                cwd=ROOT,
                env=environment | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=1 << 24,
            )  # fmt: skip
            workers.append(WorkerProcess(process))
        await asyncio.wait_for(asyncio.gather(*(worker.ready for worker in workers)), 60)
        node = Node(scene, workers)
        if known["SHARDMART_CHECKOUT"] == "group":
            await node.leader()
        yield node
    finally:
        for worker in workers:
            if worker._process.returncode is None:
                worker.signal(signal.SIGCONT)
            await worker.end()
