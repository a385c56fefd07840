"""Every order in which the steps of a few processes can happen, with crashes and lost answers, once each.

The processes are coroutines of the shop. Each access to the database is a step of `World`: the process stops there,
and the explorer decides who goes on, whose answer is lost, and who is dead. Time is the explorer's, too: nothing
sleeps. A state that was reached before, on whatever way, is not entered again.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shardmart.domain.errors import ShardmartError
from tests.unit.builders import AT

T = TypeVar("T")
Choice = tuple[str, int, int]  # what, whose, which of its pending steps
_process: contextvars.ContextVar[int] = contextvars.ContextVar("process")


class Lost(Exception):
    """What a step raises when its answer is lost, unless the step says otherwise."""


@dataclass(slots=True)
class Step:
    name: str
    effect: Callable[[], Any]
    answer: asyncio.Future[Any]
    lost: type[Exception]
    writes: bool


@dataclass(slots=True)
class Process:
    task: asyncio.Task[Any]
    alive: bool = True
    pending: list[Step] = field(default_factory=list)
    past: list[tuple[str, Any]] = field(default_factory=list)  # what it has experienced, which is all it knows
    ids: int = 0

    @property
    def told(self) -> Any:
        """What it came to: a value, an error of the shop, or None while it runs, or was killed."""
        if not self.alive or not self.task.done():
            return None
        error = self.task.exception()
        if error is not None and not isinstance(error, ShardmartError):
            raise error
        return error or self.task.result()


@dataclass
class Budget:
    """How much may go wrong in one story."""

    crashes: int = 0
    losses: int = 0
    leases: int = 0  # times at which every lease has run out


class World:
    def __init__(self, budget: Budget) -> None:
        self.now = AT
        self.processes: list[Process] = []
        self._left = Budget(budget.crashes, budget.losses, budget.leases)
        self._loop: Any = asyncio.get_running_loop()
        self.over = False

    def start(self, *work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        for one in work:
            context = contextvars.copy_context()
            context.run(_process.set, len(self.processes))
            self.processes.append(Process(context.run(self._loop.create_task, one())))

    def new_id(self) -> str:
        """The same for a process in every story that it has experienced alike."""
        mine = self.processes[_process.get()]
        mine.ids += 1
        return f"{_process.get() + 1:x}{mine.ids:023x}"

    def time(self) -> datetime:
        return self.now

    async def step(
        self, name: str, effect: Callable[[], T], *, lost: type[Exception] = Lost, writes: bool = True
    ) -> T:
        """An access to the database: `effect` happens at once and as a whole, when the explorer says so."""
        if self.over:
            raise asyncio.CancelledError
        step = Step(name, effect, self._loop.create_future(), lost, writes)
        self.processes[_process.get()].pending.append(step)
        answer: T = await step.answer
        return answer

    def choices(self) -> Iterator[Choice]:
        for number, process in enumerate(self.processes):
            for place, step in enumerate(process.pending):
                yield "goes on", number, place
                if self._left.losses and step.writes:
                    yield "answer lost", number, place
                if self._left.losses and step.name != "pause":
                    yield "request lost", number, place
            if process.pending and self._left.crashes:
                yield "dies", number, 0
        if self._left.leases and any(process.pending for process in self.processes):
            yield "leases run out", 0, 0

    async def choose(self, choice: Choice) -> None:
        what, number, place = choice
        process = self.processes[number]
        if what == "dies":
            self._left.crashes -= 1
            process.alive = False
            process.pending.clear()
        elif what == "leases run out":
            self._left.leases -= 1
            self.now += timedelta(minutes=1)
        else:
            step = process.pending.pop(place)
            self._left.losses -= what != "goes on"
            self._happen(what, process, step)
        await self.settle()

    def _happen(self, what: str, process: Process, step: Step) -> None:
        told: Any = None
        try:
            if what != "request lost":
                told = step.effect()
            if what != "goes on":
                raise step.lost
        except Exception as error:
            step.answer.set_exception(error)
            told = repr(error)
        else:
            step.answer.set_result(told)
        process.past.append((step.name, _frozen(told)))

    async def settle(self) -> None:
        """Until every process waits for a step, or has ended."""
        while True:
            await asyncio.sleep(0)
            if not self._loop._ready:
                return

    def key(self) -> Hashable:
        past = tuple((p.alive, *p.past, *(step.name for step in p.pending)) for p in self.processes)
        return self.now, self._left.crashes, self._left.losses, past

    async def close(self) -> None:
        self.over = True
        tasks, self._loop.tasks = self._loop.tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _frozen(told: Any) -> Hashable:
    if isinstance(told, dict):
        return tuple(told.items())
    return tuple(told) if isinstance(told, list) else told


class TimelessLoop(asyncio.SelectorEventLoop):
    """Its clock stands still, so no deadline passes unless the explorer lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[asyncio.Task[Any]] = []  # of the story that is played

    def time(self) -> float:
        return 0.0

    def create_task(self, *arguments: Any, **options: Any) -> asyncio.Task[Any]:
        task = super().create_task(*arguments, **options)
        self.tasks.append(task)
        return task


@dataclass
class Explored:
    states: int = 0
    endings: int = 0


class Broken(AssertionError):
    """A story that breaks a promise; the message tells it step by step."""


class Model:
    """What is explored: override all three."""

    budget = Budget()

    def begin(self, world: World) -> Any:
        """Starts the processes on a fresh database, which is returned; its `key()` is its whole state."""
        raise NotImplementedError

    def check(self, db: Any, world: World) -> None:
        """What must hold at any time."""

    async def end(self, db: Any, world: World) -> None:
        """What must hold when all have ended or died, and whoever cleans up has been there."""
        raise NotImplementedError


def explore(model: Model, *, most: int = 100_000) -> Explored:
    """Raises Broken with the first story that breaks a promise."""
    loop = TimelessLoop()
    try:
        return loop.run_until_complete(_explore(model, most, loop))
    finally:
        loop.close()


async def _explore(model: Model, most: int, loop: TimelessLoop) -> Explored:
    loop.tasks.clear()  # but for this one
    seen: set[int] = set()
    found = Explored()
    stories: list[tuple[Choice, ...]] = [()]
    while stories:
        story = stories.pop()
        world = World(model.budget)
        try:
            db = model.begin(world)
            await world.settle()
            for choice in story:
                await world.choose(choice)
            while (key := hash((world.key(), db.key()))) not in seen:
                seen.add(key)
                assert len(seen) <= most, f"more than {most} states"
                model.check(db, world)
                choices = list(world.choices())
                if not choices:
                    found.endings += 1
                    await model.end(db, world)
                    break
                stories += [(*story, choice) for choice in choices[1:]]
                story = (*story, choices[0])
                await world.choose(choices[0])
        except AssertionError as error:
            raise Broken(f"{error}\n{_told(world)}\n{story}") from error
        finally:
            await world.close()
    found.states = len(seen)
    return found


def _told(world: World) -> str:
    return "\n".join(
        f"process {number}{'' if process.alive else ' (dead)'}:\n  "
        + "\n  ".join(f"{name}: {told}" for name, told in process.past)
        for number, process in enumerate(world.processes)
    )


async def alone(world: World, work: Callable[[], Awaitable[T]]) -> T:
    """Runs one more process to its end, with nobody else about and nothing going wrong."""
    before = len(world.processes)
    world.start(work)  # type: ignore[arg-type]
    await world.settle()
    process = world.processes[before]
    steps: Sequence[Step] = process.pending
    for _ in range(200):
        if not steps:
            break
        await world.choose(("goes on", before, 0))
    result: T = process.task.result()
    return result
