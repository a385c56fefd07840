"""Ports on the loopback address."""

import errno
import random
import socket

from cluster.errors import ClusterError

# below the range from which the kernel takes ports for outgoing connections, so that one chosen here
# and remembered in the data directory is not taken by chance
CHOICE = range(15_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on that port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
                return False
            raise ClusterError(f"cannot listen on port {port}: {error.strerror}") from None
    return True


def choose(count: int, *, avoid: frozenset[int] = frozenset()) -> list[int]:
    """That many free ports, all different."""
    found: list[int] = []
    for port in random.sample(CHOICE, len(CHOICE)):
        if len(found) == count:
            break
        if port not in avoid and is_free(port):
            found.append(port)
    return found
