"""A network of the members' own, that can be cut, slowed down and made to lose packets.

Each mongod runs in a network namespace with an address of its own (198.18.N.1, .2, …) on a TUN device; clients have
the address .254 on another, in the namespace of the supervisor. The supervisor reads packets from one device and
writes them to another, and what is to be broken, it does not write, or writes later. That needs root, iproute2 and
/dev/net/tun, and nothing of the kernel's traffic control, which many machines lack. The kernel takes devices and
namespaces away when the supervisor ends, however it ends.

Only what members say to each other is touched: clients still reach a member that is cut off, so that a primary that
does not know yet that it is none can be seen.
"""

from cluster.network.namespaces import why_not
from cluster.network.rules import ACTIONS
from cluster.network.switch import Network

__all__ = ["ACTIONS", "Network", "why_not"]
