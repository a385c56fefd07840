"""On what the suite runs. `sharded` is added here, by one word, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

TOPOLOGIES = ("replica",)
DRIVERS = ("motor", "pymongo")  # the first one carries the suites that need no second driver


@dataclass(frozen=True)
class Setup:
    topology: str
    driver: str

    def __str__(self) -> str:
        return f"{self.topology}-{self.driver}"


def setups(topologies: tuple[str, ...], drivers: tuple[str, ...]) -> list[Setup]:
    return [Setup(topology, driver) for topology in topologies for driver in drivers]
