"""nginx before several app nodes, from the parts in cluster/nginx/ that Compose uses too."""

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from cluster.datadir import DataDir
from cluster.errors import ClusterError
from cluster.guard import Guard
from cluster.service import Service
from cluster.topology import HOST

PARTS = Path(__file__).parent / "nginx"
TEMPLATE = "demo.conf"


def find_nginx() -> str:
    """The nginx to run: SHARDMART_NGINX, or one on PATH or where Debian has it; ClusterError if there is none."""
    named = os.environ.get("SHARDMART_NGINX")
    # Debian's lies where only root's PATH looks
    if path := shutil.which(named or "nginx") or (None if named else shutil.which("/usr/sbin/nginx")):
        return str(Path(path).absolute())
    raise ClusterError(
        f"no nginx found{f' under {named}' if named else ''}: several app nodes need one in front: "
        "apt-get install nginx, or name one with SHARDMART_NGINX"
    )


def make(nginx: str, port: int, backends: Sequence[int], *, data: DataDir, guard: Guard) -> Service:
    """nginx on `port` before the app nodes on the ports `backends`; its messages go to logs/proxy.log."""
    home = data.path / "proxy"
    home.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    for part in PARTS.glob("*.conf"):  # beside the configuration, where `include` looks
        shutil.copyfile(part, home / part.name)
    (home / "nginx.conf").write_text(_configuration(home, port, backends))
    command = [nginx, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]
    output = data.log_path("proxy").open("ab")
    return Service("proxy", port=port, command=command, environment=os.environ, output=output, guard=guard)


def _configuration(home: Path, port: int, backends: Sequence[int]) -> str:
    servers = [f"        server {HOST}:{backend} max_fails=1 fail_timeout=5s;" for backend in backends]
    filled = {
        "@USER@": "user root;" if os.geteuid() == 0 else "",
        "@HOME@": str(home),
        "@SERVERS@": "\n".join(servers),
        "@ADDRESS@": f"{HOST}:{port}",
    }
    text = (PARTS / TEMPLATE).read_text()
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text
