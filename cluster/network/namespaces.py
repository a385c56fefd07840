"""Network namespaces, each with a TUN device whose other end is a file descriptor. Linux, root."""

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import ClusterError

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
TUN = "/dev/net/tun"
PREFIX_BITS = 24
MTU = 65_000
"""One packet instead of forty: each costs a turn of the supervisor's loop."""
SYSTEM = "/usr/sbin:/sbin:/usr/bin:/bin"  # not on everybody's PATH


@dataclass(frozen=True)
class End:
    """Open file descriptors: of a TUN device, and of the namespace that it is in."""

    tun: int
    namespace: int

    def close(self) -> None:
        os.close(self.tun)
        os.close(self.namespace)


def why_not() -> str | None:
    """Why namespaces cannot be made here; None if they can."""
    if sys.platform != "linux":
        return "that is Linux only"
    if os.geteuid() != 0:
        return "that takes root"
    for name in ("ip", "nsenter"):
        if program(name) is None:
            return f"the program {name} is not there (apt-get install {'iproute2' if name == 'ip' else 'util-linux'})"
    try:
        apart("198.18.0.1").close()
    except (OSError, ClusterError) as error:
        return str(error)
    return None


def program(name: str) -> str | None:
    """Where a program of the system is."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM}")


def apart(address: str) -> End:
    """A new namespace with that address; raises OSError, ClusterError."""
    found: list[End] = []
    failed: list[Exception] = []

    def make() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"no network namespace: {os.strerror(ctypes.get_errno())}")
            found.append(here(address, loopback=True))
        except (OSError, ClusterError) as error:
            failed.append(error)

    _in_a_thread_of_its_own(make)
    if failed:
        raise failed[0]
    return found[0]


def here(address: str, *, loopback: bool = False) -> End:
    """A device with that address in the namespace of this thread; raises OSError, ClusterError."""
    tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    request = struct.pack("16sH22x", b"smt%d", IFF_TUN | IFF_NO_PI)
    try:
        device = fcntl.ioctl(tun, TUNSETIFF, request)[:16].rstrip(b"\0").decode()
        orders = [f"address add {address}/{PREFIX_BITS} dev {device}", f"link set {device} mtu {MTU} up"]
        _ip([*orders, "link set lo up"] if loopback else orders)
        return End(tun, os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC))
    except BaseException:
        os.close(tun)
        raise


def taken(prefix: str) -> bool:
    """Whether an address that begins so is in use on this machine, or routed elsewhere."""
    return f" {prefix}." in Path("/proc/net/fib_trie").read_text()


def _in_a_thread_of_its_own(make: Callable[[], None]) -> None:
    """A thread that left our namespace must not be used again."""
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()


def _ip(orders: list[str]) -> None:
    done = subprocess.run(
        [program("ip") or "ip", "-batch", "-"], input="\n".join(orders), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ClusterError(f"ip: {done.stderr.strip().splitlines()[0]}")
