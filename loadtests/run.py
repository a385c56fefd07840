"""One run: a shop, a stage, a load, faults, and then the judgement."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from cluster.network import why_not
from loadtests import generator
from loadtests.common import ledger, stage
from loadtests.common.needs import SCENARIOS
from loadtests.common.stage import Stage
from loadtests.console import log
from loadtests.demo import Demo
from loadtests.errors import CouldNotRun, Interrupted
from loadtests.faults import plan as plans
from loadtests.faults.breaker import Breaker
from loadtests.faults.plan import Fault
from loadtests.generator import Generator
from loadtests.judge import judge
from loadtests.memory import Memory, summary
from loadtests.observed import Observed
from loadtests.options import Options
from loadtests.sampling import Sampler
from loadtests.target import Target

OVERTIME_SECONDS = 60.0
EARLY_SECONDS = 3.0  # Locust counts from before the first request; what ends earlier was ended by something


def run(options: Options) -> Observed:
    """Raises CouldNotRun, Interrupted. Nothing that it started is left when it returns."""
    stop = threading.Event()
    with _on_signal(stop), contextlib.ExitStack() as cleanup:
        generator.check_locust()
        faults = plans.parse(
            options.faults, topology=options.topology, strategy=options.strategy, seconds=options.seconds
        )
        network = plans.need_network(faults)
        _check_faults(options, faults, network=network)
        target, settings = _open(options, stop, cleanup, network=network)
        set_stage = _set_stage(options, target)
        observed = Observed(options, set_stage, settings=settings)
        breaker = None
        if faults and target.data:
            seller = set_stage.sellers[0].id
            breaker = Breaker(target.data, target.url, faults, seller=seller)
        if stop.is_set():
            raise Interrupted
        _load(observed, target, breaker, stop)
        judge(observed, target)
        return observed


def _check_faults(options: Options, faults: Sequence[Fault], *, network: bool) -> None:
    """Raises CouldNotRun for what cannot be broken here."""
    if faults and options.host and not options.data_dir:
        raise CouldNotRun("--faults with --host needs --data-dir: that of the demo that is to be broken")
    if network and not options.host and (reason := why_not()):
        raise CouldNotRun(
            f"--faults: every member needs a network namespace of its own, which cannot be had: {reason}"
        )


@contextlib.contextmanager
def _on_signal(stop: threading.Event) -> Any:
    """SIGINT and SIGTERM end the load early; the judgement still comes."""

    def ask(number: int, _: FrameType | None) -> None:
        if not stop.is_set():
            log(f"{signal.Signals(number).name}: ending the run, then judging what there is")
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open(
    options: Options, stop: threading.Event, cleanup: contextlib.ExitStack, *, network: bool
) -> tuple[Target, dict[str, str]]:
    settings: dict[str, str] = {}
    if options.host:
        url, data_dir = options.host, options.data_dir
    else:
        demo = Demo(options, stop, network=network)
        cleanup.callback(demo.stop)
        demo.start()
        url, data_dir, settings = demo.url, demo.data_dir, demo.settings
    target = Target.of(options, url=url, data_dir=data_dir)
    cleanup.callback(target.close)
    target.identify()
    if network and not target.has_network():
        raise CouldNotRun("--faults: the demo behind --host was not started with --network")
    return target, settings


def _set_stage(options: Options, target: Target) -> Stage:
    log(f"setting the stage for {options.users} users")
    return stage.build(
        target.url,
        SCENARIOS[options.scenario],
        scenario=options.scenario,
        seed=options.seed,
        seconds=options.seconds,
        buyers=options.users,
        stock=options.stock,
    )


def _load(observed: Observed, target: Target, breaker: Breaker | None, stop: threading.Event) -> None:
    """Runs Locust and whatever goes with it; afterwards everything but the shop has ended."""
    options = observed.options
    directory = options.out / "ledger"
    ledger.begin(directory)
    stage_file = directory / stage.FILE
    stage_file.write_text(observed.stage.dumps(), encoding="utf-8")
    hot = observed.stage.products[0].id if SCENARIOS[options.scenario].hot else None
    load = Generator(
        options, target.url, stage_file=stage_file, directory=directory, log_file=options.out / "locust.log"
    )
    sampler = Sampler(target, hot, Memory(target.data, load.pid) if target.data else None)
    try:
        sampler.start()
        observed.began = _await_first_second(load, directory, stop)
        if breaker:
            breaker.start(observed.began)
        observed.complete = _follow(load, directory, observed.began + options.seconds, stop)
        if breaker:
            breaker.stop()
    finally:
        observed.ended = min(time.monotonic(), observed.began + options.seconds)
        if breaker:
            breaker.stop()
            observed.hits = breaker.hits
        load.stop()
        sampler.stop()
        stage_file.write_text(observed.stage.without_tokens().dumps(), encoding="utf-8")
    observed.stock, observed.counters = sampler.stock, sampler.counters
    if sampler.memory:
        observed.memory = {role: summary(sizes) for role, sizes in sampler.memory.sizes.items()}
    observed.statistics = load.statistics()
    observed.ledger = ledger.read(directory)
    began = [one.at - 1.0 for one in observed.ledger.seconds if one.requests]
    observed.began = min([observed.began, *began])  # load processes tell it late, or with their last words
    if observed.complete and not observed.ledger.seconds:
        raise CouldNotRun(f"Locust did nothing: {load.last_words()}")


def _await_first_second(load: Generator, directory: Path, stop: threading.Event) -> float:
    """When the load began: Locust takes a moment to come up."""
    tail = ledger.Tail(directory)
    while load.running and not stop.is_set():
        seconds = [float(one["at"]) - 1.0 for one in tail.read() if one["what"] == "second" and one["requests"]]
        if seconds:
            return min(seconds)
        stop.wait(0.1)
    return time.monotonic()


def _follow(load: Generator, directory: Path, until: float, stop: threading.Event) -> bool:
    """Shows what happens until Locust ends; whether it lasted as long as it should."""
    tail, so_far, users = ledger.Tail(directory), Counter[str](), 0
    last, began = time.monotonic(), time.monotonic()
    while load.running:
        if stop.wait(1.0):
            return False
        if time.monotonic() > until + OVERTIME_SECONDS:
            log("Locust does not end: ending it")
            return True
        new = Counter[str]()
        for record in tail.read():
            if record["what"] == "second":
                new["requests"] += record["requests"]
                users = record["users"]
            elif "told" in record:
                new[record["told"]] += record["what"] == "checkout"
                new["503"] += record["unavailable"]
        so_far.update(new)
        now = time.monotonic()
        _show(so_far, new["requests"] / (now - last), users, now - began)
        last = now
    return not stop.is_set() and time.monotonic() > until - EARLY_SECONDS


def _show(so_far: Counter[str], rate: float, users: int, seconds: float) -> None:
    outcomes = ", ".join(f"{so_far[told]} {told}" for told in (ledger.ACKNOWLEDGED, ledger.REJECTED))
    rest = "".join(f", {so_far[what]} {what}" for what in ("503", ledger.UNKNOWN, ledger.FAILED) if so_far[what])
    log(f"{seconds:4.0f} s  {users} users  {rate:6.0f} requests/s  {outcomes}{rest}")
