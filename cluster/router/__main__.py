"""`python -m cluster.router --port P --config HOST:PORT,… --engine HOST:PORT,…`: runs until SIGTERM or
SIGINT.

Says nothing on standard output; warnings go to standard error (`--verbose`: more).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys

from cluster.router.context import Router
from cluster.router.server import Server

_ENDINGS = (signal.SIGTERM, signal.SIGINT)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cluster.router", description="Development router; deployments use mongos.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bind", default="127.0.0.1", help="there is no authentication: leave it on loopback")
    parser.add_argument("--config", required=True, help="config servers: HOST:PORT[,HOST:PORT…]")
    parser.add_argument("--engine", required=True, help="routing engine nodes: HOST:PORT[,HOST:PORT…]")
    parser.add_argument(
        "--wait", type=float, default=6.0, help="seconds to wait for an election (default: %(default)s)"
    )
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args(argv)


def _hosts(text: str) -> list[str]:
    """`set/host:port,host:port` or without the set's name."""
    return text.rpartition("/")[2].split(",")


async def serve(options: argparse.Namespace) -> None:
    """Serve until a signal comes."""
    stopping = asyncio.Event()
    for number in _ENDINGS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    router = Router(_hosts(options.config), _hosts(options.engine), wait_seconds=options.wait)
    server = Server(router)
    await server.start(options.bind, options.port)
    logging.getLogger("cluster.router").info("listening on %s:%s", options.bind, options.port)
    await stopping.wait()
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # a second one must not cut the clean end short
    await server.stop()


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    options = _arguments(argv)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="router %(levelname)s %(message)s")
    try:
        import uvloop  # noqa: PLC0415 - optional: a third less CPU
    except ImportError:
        asyncio.run(serve(options))
    else:
        uvloop.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
