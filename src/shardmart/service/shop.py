"""The shop as its parts, wired once by `bootstrap`; every verb of the service takes it first."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from shardmart.domain import ports
from shardmart.domain.cache_ports import CatalogueCache
from shardmart.service.live_sessions import LiveSessions
from shardmart.service.relay_status import RelayStatus

if TYPE_CHECKING:
    from shardmart.service.load import LabLoad


@dataclass(frozen=True)
class Rules:
    """Numbers that the settings decide. Seconds throughout."""

    access_seconds: int
    refresh_seconds: int
    request_seconds: float
    recovery_seconds: float
    limits: bool
    staleness_seconds: Decimal | None  # the bound of catalogue pages, None when they come from the primary


@dataclass(frozen=True)
class Shop:
    rules: Rules
    accounts: ports.Accounts
    sessions: ports.Sessions
    live_sessions: LiveSessions
    limits: ports.Limits
    passwords: ports.Passwords
    tokens: ports.Tokens
    products: ports.Products
    pictures: ports.Pictures
    photos: ports.Photos
    carts: ports.Carts
    claims: ports.Claims
    outcomes: ports.Outcomes
    checkout: ports.Checkout
    recovery: ports.Recovery
    orders: ports.Orders
    notices: ports.Notices
    changes: ports.Changes
    statistics: ports.Statistics
    topology: ports.Topology
    app_nodes: ports.AppNodes
    nodes: ports.NodeControl
    auditor: ports.Auditor
    load: LabLoad
    probe: ports.Probe
    committer: ports.CommitterWatch | None = None  # strategies that have one
    claiming: ports.ClaimingCheckout | None = None  # a strategy that needs no claims before it
    cache: CatalogueCache | None = None  # None: switched off
    relay: RelayStatus = field(default_factory=RelayStatus)
