"""Stands in for the shop: `standin.py seed|serve`. Serves /readyz from worker processes that, like Sanic's, are
grandchildren of the supervisor and do not notice the end of their parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        told = {name: value for name, value in os.environ.items() if name.startswith("SHARDMART_")}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(HTTPServer):
    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def serve() -> None:
    workers: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: stop(workers))
    workers += [
        subprocess.Popen([sys.executable, __file__, "work"]) for _ in range(int(os.environ["SHARDMART_WORKERS"]))
    ]
    while True:
        time.sleep(1)


def stop(workers: list[subprocess.Popen[bytes]]) -> None:
    time.sleep(float(os.environ.get("STANDIN_STOP_SECONDS", "0")))
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait()
    Path(os.environ["SHARDMART_DATA_DIR"], "stopped").write_text("orderly")
    sys.exit(0)


if __name__ == "__main__":
    match sys.argv[1]:
        case "seed":
            time.sleep(float(os.environ.get("STANDIN_SEED_SECONDS", "0")))
            with Path(os.environ["SHARDMART_DATA_DIR"], "seeds").open("a") as file:
                file.write("seed\n")
        case "serve" if code := os.environ.get("STANDIN_EXIT"):
            sys.exit(int(code))
        case "serve":
            serve()
        case "work":
            Server(("127.0.0.1", int(os.environ["SHARDMART_PORT"])), Handler).serve_forever()
