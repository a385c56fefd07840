"""On what the suites run: everything on both topologies, the contract also with the second driver."""

from __future__ import annotations

from dataclasses import dataclass

TOPOLOGIES = ("replica", "sharded")
DRIVERS = ("motor", "pymongo")  # the first one carries the suites that need no second driver


@dataclass(frozen=True)
class Setup:
    topology: str
    driver: str

    def __str__(self) -> str:
        return f"{self.topology}-{self.driver}"


def setups(topologies: tuple[str, ...], drivers: tuple[str, ...]) -> list[Setup]:
    """Every topology with the first driver, the first topology with the others too."""
    return [
        Setup(topology, driver)
        for number, topology in enumerate(topologies)
        for driver in (drivers[:1] if number else drivers)
    ]
