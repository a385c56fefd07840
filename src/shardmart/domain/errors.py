"""Every way the shop says no. No HTTP here: `web.errors` maps each class to a status.

ShardmartError
├── InvalidInput            the request cannot be understood as meant (carries the fields)
│   ├── InvalidCursor
│   ├── UnknownProduct
│   ├── EmptyCart
│   └── IdempotencyKeyReused
├── Unauthenticated         no proof of who asks, or a bad one
│   └── InvalidCredentials
├── Forbidden               known, but not allowed
├── NotFound                absent, or to be treated as absent
├── Conflict                the state of the shop says no
│   ├── EmailTaken
│   ├── VersionConflict
│   ├── InsufficientStock   (a checkout's answer: stored and replayed)
│   ├── ProductUnavailable  (a checkout's answer)
│   ├── PriceChanged        (a checkout's answer)
│   ├── CheckoutInProgress
│   ├── InvalidTransition
│   ├── LastAdmin · OwnAccount
│   ├── NotManaged · SenselessNodeAction
│   └── LoadRunning · StrategyNotHere
├── RateLimited             too many attempts; carries seconds to wait
└── Unavailable             overload or database away: the outcome is unknown, try again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ShardmartError(Exception):
    """Base of all errors that a client may be told about. `detail` is safe to show."""

    code = "error"
    detail = "The request could not be carried out."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.detail)
        if detail:
            self.detail = detail


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its dotted path and what is wrong with it."""

    field: str
    message: str


class InvalidInput(ShardmartError):
    code = "validation_failed"
    detail = "Some fields are missing, unknown or out of range."

    def __init__(self, errors: Sequence[FieldError] = (), detail: str | None = None) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)


class InvalidCursor(InvalidInput):
    def __init__(self) -> None:
        super().__init__([FieldError("cursor", "is damaged or belongs to another list")])


class UnknownProduct(InvalidInput):
    code = "unknown_product"
    detail = "There is no such product."


class EmptyCart(InvalidInput):
    code = "empty_cart"
    detail = "The cart is empty."


class IdempotencyKeyReused(InvalidInput):
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used for another request."


class Unauthenticated(ShardmartError):
    code = "unauthenticated"
    detail = "Sign in first."


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    detail = "E-mail or password is wrong."


class Forbidden(ShardmartError):
    code = "forbidden"
    detail = "You may not do this."


class NotFound(ShardmartError):
    code = "not_found"
    detail = "There is nothing here."


class Conflict(ShardmartError):
    code = "conflict"
    detail = "The current state does not allow this."


class EmailTaken(Conflict):
    code = "email_taken"
    detail = "There is an account with this e-mail already."


class VersionConflict(Conflict):
    code = "version_conflict"
    detail = "The product has changed since you read it."


@dataclass(frozen=True)
class Shortfall:
    """A product of which a checkout wants more than there is (`available` 0 when it is not for sale)."""

    product_id: str
    requested: int
    available: int


class InsufficientStock(Conflict):
    code = "insufficient_stock"
    detail = "There is not enough in stock."

    def __init__(self, items: Sequence[Shortfall] = ()) -> None:
        super().__init__()
        self.items = tuple(items)


class ProductUnavailable(Conflict):
    code = "product_unavailable"
    detail = "A product is not for sale any more."

    def __init__(self, items: Sequence[Shortfall] = ()) -> None:
        super().__init__()
        self.items = tuple(items)


class PriceChanged(Conflict):
    code = "price_changed"
    detail = "The total differs from the one you expected."


class CheckoutInProgress(Conflict):
    code = "checkout_in_progress"
    detail = "A checkout with this key is still running. Ask again."


class KeyTaken(Conflict):
    """Another checkout has the Idempotency-Key. Between a strategy and the service, which reads the claim."""

    code = "key_taken"


class InvalidTransition(Conflict):
    code = "invalid_transition"
    detail = "The order cannot go to this status any more."


class LastAdmin(Conflict):
    code = "last_admin"
    detail = "The last admin cannot be deleted."


class OwnAccount(Conflict):
    code = "own_account"
    detail = "You cannot delete yourself."


class NotManaged(Conflict):
    code = "not_managed"
    detail = "These database nodes are not managed by this shop."


class SenselessNodeAction(Conflict):
    code = "senseless_node_action"
    detail = "The node is not in a state that allows this."


class LoadRunning(Conflict):
    code = "load_running"
    detail = "A load run is under way. Stop it, or wait for its end."


class StrategyNotHere(Conflict):
    code = "strategy_not_here"
    detail = "This shop does not offer that strategy; the one that oversells needs SHARDMART_LAB=1."


class RateLimited(ShardmartError):
    code = "rate_limited"
    detail = "Too many attempts."

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Unavailable(ShardmartError):
    code = "unavailable"
    detail = "The shop cannot answer at the moment. Try again."

    def __init__(self, detail: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
