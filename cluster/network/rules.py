"""What is wrong with the network, and what that does to a packet."""

import random
from collections.abc import Collection

from cluster.errors import ActionRefused

DELAY_SECONDS = 0.1
LOST_SHARE = 0.1
RECONNECT = "reconnect"
FAULTS = ("partition", "delay", "loss")
ACTIONS = frozenset({*FAULTS, RECONNECT})


class Rules:
    """`members`: the addresses between which packets can be touched; one fault a member at a time."""

    def __init__(self, members: Collection[bytes]) -> None:
        self._members = frozenset(members)
        self._faults: dict[bytes, str] = {}
        self._dice = random.Random(0)

    def set(self, address: bytes, action: str) -> None:
        """Do one of ACTIONS to a member; raises ActionRefused if the address is none's."""
        if address not in self._members:
            raise ActionRefused("only members that hold documents or the cluster's configuration can be cut off")
        if action == RECONNECT:
            self._faults.pop(address, None)
        else:
            self._faults[address] = action

    def of(self, address: bytes) -> str | None:
        """What is wrong with a member's network."""
        return self._faults.get(address)

    def seconds(self, source: bytes, target: bytes) -> float | None:
        """How long a packet takes beyond what it takes anyway; None: it is lost."""
        if not self._faults or source not in self._members or target not in self._members:
            return 0.0
        faults = {self._faults.get(source), self._faults.get(target)}
        if "partition" in faults or ("loss" in faults and self._dice.random() < LOST_SHARE):
            return None
        return DELAY_SECONDS if "delay" in faults else 0.0
