"""The command line: serve, prepare, create-admin, seed, audit."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError
from pymongo.errors import PyMongoError

from shardmart import bootstrap
from shardmart.domain.errors import EmailTaken, ShardmartError
from shardmart.seed import seed
from shardmart.service.administration import create_admin
from shardmart.settings import Settings, WrongSetting, load

T = TypeVar("T")

DATABASE_SECONDS = 60  # how long a start waits for the database
AUDIT_PATIENCE_SECONDS = 10  # outlasts an election: who asks wants to hear soon that there is no database
AUDIT_SECONDS = 600
CONSISTENT, VIOLATED, NOT_CHECKED = 0, 1, 2


def main() -> None:
    """Ends with the exit codes of the contract; a wrong setting or an absent database is one line on stderr."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(load(signs=arguments.run is _serve), arguments))
    except WrongSetting as error:
        _complain(str(error))
    except (PyMongoError, ShardmartError) as error:
        _complain(f"the database could not be used: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shardmart", description="A marketplace on MongoDB that cannot oversell.")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("serve", help="serve the shop").set_defaults(run=_serve)
    preparing = commands.add_parser("prepare", help="collections, indexes and shards: what `serve` does first")
    preparing.set_defaults(run=_prepare)
    creating = commands.add_parser("create-admin", help="an admin's account, which nobody can register")
    creating.add_argument("--email", required=True)
    creating.add_argument("--name", default="Admin")
    creating.add_argument("--password-file", type=argparse.FileType(), default="-", help="by default: standard input")
    creating.set_defaults(run=_create_admin)
    seeding = commands.add_parser("seed", help="demo accounts and a catalogue (demos only)")
    for name, default in (("sellers", 5), ("products", 500), ("buyers", 5)):
        seeding.add_argument(f"--{name}", type=_count, default=default)
    seeding.set_defaults(run=_seed)
    auditing = commands.add_parser("audit", help="check every stock invariant on the live database")
    auditing.add_argument("--json", action="store_true", help="the report as JSON")
    auditing.set_defaults(run=_audit)
    return parser


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from shardmart.web.server import require_address, serve  # noqa: PLC0415 - the other commands start faster without

    require_address(settings)
    settings = asyncio.run(_with_mongo(settings, bootstrap.prepare))
    os.environ["SHARDMART_TOPOLOGY"] = settings.topology  # workers need not ask, also those that start in an outage
    serve(settings)
    return 0


def _prepare(settings: Settings, _: argparse.Namespace) -> int:
    asyncio.run(_with_mongo(settings, bootstrap.prepare))
    return 0


def _create_admin(settings: Settings, arguments: argparse.Namespace) -> int:
    from shardmart.web.schemas import Registration  # noqa: PLC0415 - the other commands start faster without it

    with arguments.password_file as file:
        password = file.readline().rstrip("\r\n")
    try:  # an admin's name, address and password follow the rules for everybody's
        wanted = Registration(name=arguments.name, email=arguments.email, password=password)
    except ValidationError as error:
        _complain("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))

    async def work(running: bootstrap.Running) -> None:
        try:
            made = await create_admin(running.shop, name=wanted.name, email=wanted.email, password=wanted.password)
        except EmailTaken:
            _complain(f"{wanted.email} is the address of another account")
        print(f"shardmart: admin {wanted.email} {'created' if made else 'is there already'}", file=sys.stderr)

    asyncio.run(_with_mongo(settings, work))
    return 0


def _seed(settings: Settings, arguments: argparse.Namespace) -> int:
    if not settings.demo:
        _complain("seed makes accounts with a public password: only under `cluster demo` or SHARDMART_DEMO=1")

    async def work(running: bootstrap.Running) -> None:
        await bootstrap.prepare(running)
        made = await seed(
            running.mongo,
            running.shop.passwords,
            sellers=arguments.sellers,
            products=arguments.products,
            buyers=arguments.buyers,
        )
        print(f"seeded: {made['users']} accounts, {made['products']} products", file=sys.stderr)

    asyncio.run(_with_mongo(settings, work))
    return 0


def _audit(settings: Settings, arguments: argparse.Namespace) -> int:
    report: Any = None

    async def work(running: bootstrap.Running) -> None:
        nonlocal report
        report = await running.shop.auditor.run()

    try:
        patient = replace(settings, request_seconds=AUDIT_SECONDS)
        asyncio.run(_with_mongo(patient, work, patience=AUDIT_PATIENCE_SECONDS))
    except WrongSetting:
        raise
    except Exception as error:  # whatever it is, a document that cannot be read too: Python's own 1 means violations
        reason = error if isinstance(error, PyMongoError | ShardmartError) else repr(error)
        print(f"shardmart: could not be checked: {reason}", file=sys.stderr)
        return NOT_CHECKED
    if arguments.json:
        print(json.dumps({"consistent": report.consistent, **asdict(report)}))
    else:
        for violation in report.violations:
            print(f"invariant {violation.invariant}: {violation.detail}")
        counts = ", ".join(f"{number} {what}" for what, number in report.checked.items())
        print(f"{'consistent' if report.consistent else 'INCONSISTENT'}: {counts}, {report.took_seconds} s")
    return CONSISTENT if report.consistent else VIOLATED


async def _with_mongo(
    settings: Settings, work: Callable[[bootstrap.Running], Awaitable[Any]], *, patience: float = DATABASE_SECONDS
) -> Settings:
    """Does `work`, again while the database is still coming up, for `patience` seconds at the most.

    The settings are returned with the topology that was found.
    """
    until = time.monotonic() + patience
    settings = await _patiently(partial(bootstrap.with_topology, settings), until)
    running = bootstrap.build(settings)
    try:
        await _patiently(partial(work, running), until)
    finally:
        await running.close()
    return settings


async def _patiently(work: Callable[[], Awaitable[T]], until: float) -> T:
    while True:
        try:
            return await work()
        except (PyMongoError, ShardmartError) as error:
            if time.monotonic() > until or not bootstrap.is_away(error):
                raise
            await asyncio.sleep(0.2)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 10_000_000:
        raise argparse.ArgumentTypeError("must be between 0 and 10,000,000")
    return int(text)


def _complain(message: str) -> NoReturn:
    print(f"shardmart: {message}", file=sys.stderr)
    sys.exit(NOT_CHECKED)


if __name__ == "__main__":
    main()
