"""The command line: python -m cluster COMMAND."""

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from cluster import commands, signals
from cluster.console import announce, log
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.network import ACTIONS as NETWORK_ACTIONS
from cluster.supervisor import Order, Supervisor

MOST_NODES = 7  # voting members of a replica set
SUPERVISING = ("demo", "supervise")
TOPOLOGIES = ("replica", "sharded")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code."""
    args = _parser().parse_args(arguments)
    try:
        _run(args)
    except ClusterError as error:
        log(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    finally:
        if args.command in SUPERVISING:
            signals.leave()
    return 0


def _run(args: argparse.Namespace) -> None:
    data = DataDir(args.data_dir or _default_data_dir(args))
    match args.command:
        case "demo" | "supervise":
            asyncio.run(Supervisor(_order(args, data.path)).run())
        case "up":
            announce(
                commands.up(data, topology=args.topology, nodes=args.nodes, router=args.router, network=args.network)
            )
        case "down":
            commands.down(data)
        case "status":
            announce(commands.render(commands.status(data), as_json=args.json))
        case "move-chunk":
            announce(commands.move_chunk(data, args.collection, to=args.to, seller=args.seller))
        case "stepdown":
            record = commands.stepdown(data, args.node)
            announce(f"{record['node']} stepped down")
        case action:
            record = commands.act(data, args.node, action)
            announce(f"{record['node']} {record.get('network') or record['process']}")


def _order(args: argparse.Namespace, path: Path) -> Order:
    if args.command == "supervise":
        return Order(
            args.topology, path, nodes=args.nodes, router=args.router, network=args.network, outlive_parent=True
        )
    return Order(
        args.topology,
        path,
        nodes=args.nodes,
        port=args.port,
        workers=args.workers,
        apps=args.apps,
        router=args.router,
        network=args.network,
        outlive_parent=args.outlive_parent,
    )


def _default_data_dir(args: argparse.Namespace) -> Path:
    suffix = args.port if args.command == "demo" else "cluster"
    return Path(".data") / f"{args.topology}-{suffix}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cluster", description="Runs MongoDB and the shop locally.")
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(verbs.add_parser("demo", help="database nodes and the shop, until SIGINT or SIGTERM"))
    background = verbs.add_parser("up", help="database nodes in the background")
    for running in (background, verbs.add_parser("supervise")):  # what `up` starts; not listed
        _add_common(running)
        _add_nodes(running)
    _add_common(verbs.add_parser("down", help="stop what runs on the data directory"))
    status = verbs.add_parser("status", help="nodes with their state, and the connection string")
    _add_common(status)
    status.add_argument("--json", action="store_true")
    moving = verbs.add_parser("move-chunk", help="move a chunk to another shard")
    _add_common(moving)
    moving.add_argument("collection", metavar="COLLECTION", help="products, orders, inventory_logs or outcomes")
    moving.add_argument("--to", required=True, metavar="SHARD", help="shard1 or shard2")
    moving.add_argument("--seller", metavar="ID", help="the chunk of this seller; without: any that is elsewhere")
    for verb in ("kill", "start", "pause", "resume", "stepdown"):
        action = verbs.add_parser(verb, help=f"{verb} a node, of the database or of the shop")
        _add_common(action)
        action.add_argument("node", metavar="NODE", nargs="?" if verb == "stepdown" else None)
    for verb in sorted(NETWORK_ACTIONS):
        action = verbs.add_parser(verb, help=f"{verb} a member's network (with --network)")
        _add_common(action)
        action.add_argument("node", metavar="NODE")
    return parser


def _add_demo(demo: argparse.ArgumentParser) -> None:
    _add_common(demo)
    _add_nodes(demo)
    workers = os.environ.get("SHARDMART_WORKERS", "2")
    demo.add_argument("--port", type=_number(1, 65535), default=8000, metavar="P")
    demo.add_argument("--workers", type=_number(1, 64), default=workers, metavar="N", help="processes of an app node")
    demo.add_argument("--apps", type=_number(1, 16), default=1, metavar="N", help="app nodes behind one address")
    demo.add_argument("--outlive-parent", action="store_true", help="keep running when the starting process ends")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topology", choices=TOPOLOGIES, default="replica")
    parser.add_argument("--data-dir", type=Path, metavar="D")


def _add_nodes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nodes", type=_number(1, MOST_NODES), metavar="N", help="members of each set")
    parser.add_argument("--router", choices=("auto", "mongos", "dev"), default="auto", help="sharded topology only")
    parser.add_argument("--network", action="store_true", help="a network namespace for each member (Linux, root)")


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse
