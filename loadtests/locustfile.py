"""For Locust: `locust -f loadtests/locustfile.py --class-picker` with its web page, or what `loadtests run` starts.

Every scenario is a user class; name one on the command line or pick it on the page. The hooks set the stage (unless
one is given), write the ledger and, with workers, bring it together at the master.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import STATE_STOPPED, LocalRunner, MasterRunner, Runner, WorkerRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `locust -f` knows the file, not the package

from loadtests.common import ledger, playing, stage
from loadtests.common.journal import Journal
from loadtests.common.needs import SCENARIOS
from loadtests.scenarios.browse import Browse
from loadtests.scenarios.cancel_storm import CancelStorm
from loadtests.scenarios.flash_sale import FlashSale
from loadtests.scenarios.hot_item import HotItem
from loadtests.scenarios.mixed import Mixed
from loadtests.scenarios.mixed_cart import MixedCart
from loadtests.scenarios.realtime import Realtime
from loadtests.scenarios.restock import Restock
from loadtests.scenarios.uniform import Uniform

USERS = (Browse, CancelStorm, FlashSale, HotItem, Mixed, MixedCart, Realtime, Restock, Uniform)
OWN_SECONDS = 60.0  # what a flash sale lasts when Locust's page started it
PARENT_POLL_SECONDS = 0.5
WORKERS_SECONDS = 25  # longer than users may take to finish

journal = Journal()


@dataclass
class Run:
    """How far this process's run is: users have been sent for, and are wanted no more."""

    began: bool = False
    ended: bool = False


run = Run()


@events.init.add_listener
def on_init(environment: Environment, **_: Any) -> None:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner.register_message("stage", _receive_stage)
        environment.events.report_to_master.add_listener(_send_ledger)
    elif isinstance(runner, MasterRunner):
        environment.events.worker_report.add_listener(_receive_ledger)
    # the last one is called first: before Locust's master, who sends its workers home and hears nobody any more
    environment.events.quitting.add_listener(on_quitting)
    gevent.spawn(_every_second, environment)
    if playing.STAGE_VARIABLE in os.environ:
        gevent.spawn(_follow_parent, environment, os.getppid())
    # timers count from what the loop took for now, which is before all these imports: they would end too early
    gevent.get_hub().loop.update_now()


@events.test_start.add_listener
def on_test_start(environment: Environment, **_: Any) -> None:
    """Before the first user: workers wait for the master's stage."""
    if isinstance(environment.runner, WorkerRunner):
        return
    if run.ended:
        gevent.sleep(WORKERS_SECONDS)  # a start that comes after the end: Locust ends it before that
        return
    run.began = True
    given = os.environ.get(playing.STAGE_VARIABLE)
    set_stage = stage.load(Path(given).read_text(encoding="utf-8")) if given else _own_stage(environment)
    if not given:
        ledger.begin(playing.directory())
        kept = playing.directory() / stage.FILE
        kept.write_text(set_stage.without_tokens().dumps(), encoding="utf-8")
    if isinstance(environment.runner, MasterRunner):
        environment.runner.send_message("stage", {"stage": set_stage.dumps()})
    _begin(environment, set_stage)
    if given:
        gevent.spawn_later(set_stage.seconds, _end, environment)


@events.request.add_listener
def on_request(response_time: float, exception: Exception | None, **_: Any) -> None:
    journal.request(response_time, failed=exception is not None)


@events.test_stop.add_listener
def on_test_stop(environment: Environment, **_: Any) -> None:
    """The last second is not over yet, and Locust's master does not wait for its workers' last reports."""
    runner = environment.runner
    if runner and not isinstance(runner, MasterRunner):
        journal.close_second(runner.user_count)
        _keep(runner)
    if isinstance(runner, WorkerRunner):
        runner._send_stats()


def on_quitting(environment: Environment, **_: Any) -> None:
    """After a signal users are still at it, and Locust would stop them only after this."""
    if environment.runner is None or isinstance(environment.runner, WorkerRunner) or not playing.directory().exists():
        return
    _stop(environment.runner)
    _keep(environment.runner)
    (playing.directory() / ledger.STATISTICS).write_text(json.dumps(_statistics(environment)), encoding="utf-8")


def _end(environment: Environment) -> None:
    """In place of --run-time, which ends the master before slow workers have reported."""
    if environment.runner:
        _stop(environment.runner)
        environment.runner.quit()


def _stop(runner: Runner) -> None:
    """Users finish what they are at. A master waits until every worker has said that it has stopped.

    Locust's master takes no notice of a stop until it has begun to send users out: the start that is under way would
    go on, and what the last users were told would be lost with the workers.
    """
    run.ended = True
    if runner.state == STATE_STOPPED:  # from the page: workers are back by now, and wait for another run
        return
    runner.stop()
    until = time.monotonic() + WORKERS_SECONDS
    while run.began and isinstance(runner, MasterRunner) and len(runner.clients) and time.monotonic() < until:
        gevent.sleep(0.1)
        runner.stop()


def _begin(environment: Environment, set_stage: stage.Stage) -> None:
    place = getattr(environment.runner, "worker_index", 0)
    playing.begin(playing.Playing(set_stage, journal, place=max(0, place)))


def _receive_stage(environment: Environment, msg: Any, **_: Any) -> None:
    _begin(environment, stage.load(msg.data["stage"]))


def _own_stage(environment: Environment) -> stage.Stage:
    """For all scenarios that were picked: as many products as the largest needs."""
    chosen = {user.__name__ for user in environment.user_classes}
    name, needs = max(
        ((name, needs) for name, needs in SCENARIOS.items() if needs.user in chosen),
        key=lambda item: item[1].products,
    )
    seconds = float(getattr(environment.parsed_options, "run_time", None) or OWN_SECONDS)
    return stage.build(environment.host or "", needs, scenario=name, seed=0, seconds=seconds, buyers=0)


def _every_second(environment: Environment) -> None:
    while True:
        gevent.sleep(1)
        runner = environment.runner
        if runner is None or isinstance(runner, MasterRunner):
            continue
        journal.close_second(runner.user_count)
        _keep(runner)


def _keep(runner: Runner) -> None:
    """Lines of whoever has the ledgers' directory: alone, or started with its master on one machine by `run`.

    A worker elsewhere sends its lines to its master.
    """
    with_master = isinstance(runner, WorkerRunner) and playing.STAGE_VARIABLE in os.environ
    if (with_master or isinstance(runner, LocalRunner)) and playing.directory().exists():
        _append(getattr(runner, "client_id", "local"), journal.take())


def _send_ledger(client_id: str, data: dict[str, Any]) -> None:
    data["ledger"] = journal.take()


def _receive_ledger(client_id: str, data: dict[str, Any]) -> None:
    if lines := data.pop("ledger", ""):
        _append(client_id, lines)


def _append(who: str, lines: str) -> None:
    with (playing.directory() / f"ledger-{who}.jsonl").open("a", encoding="utf-8") as file:
        file.write(lines)


def _statistics(environment: Environment) -> dict[str, Any]:
    """Latency in milliseconds and counts by name, over the whole run."""
    found = {}
    for entry in environment.stats.entries.values():
        found[entry.name] = {
            "requests": entry.num_requests,
            "failures": entry.num_failures,
            "p50": entry.get_response_time_percentile(0.5),
            "p95": entry.get_response_time_percentile(0.95),
            "p99": entry.get_response_time_percentile(0.99),
            "max": round(entry.max_response_time, 1),
        }
    return found


def _follow_parent(environment: Environment, parent: int) -> None:
    """Whoever runs us was killed: nobody is left who could end us."""
    while os.getppid() == parent:
        gevent.sleep(PARENT_POLL_SECONDS)
    if environment.runner:
        environment.runner.quit()
    os._exit(1)
