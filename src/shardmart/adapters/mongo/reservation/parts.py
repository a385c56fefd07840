"""The saga's parts on MongoDB, wired."""

from __future__ import annotations

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.reservation.books import MongoBooks
from shardmart.adapters.mongo.reservation.carts import MongoCartMarks
from shardmart.adapters.mongo.reservation.checkout import ReservationCheckout
from shardmart.adapters.mongo.reservation.holds import MongoHolds
from shardmart.adapters.mongo.reservation.intents import MongoIntents
from shardmart.adapters.mongo.reservation.recovery import MongoRecovery
from shardmart.adapters.mongo.reservation.settlement import Settlement


class ReservationParts:
    """`recovery` is for every shop: what one worker left, any other may find, whatever its own strategy."""

    def __init__(self, mongo: Mongo) -> None:
        intents, holds, carts = MongoIntents(mongo), MongoHolds(mongo), MongoCartMarks(mongo)
        settlement = Settlement(intents, holds, carts, MongoBooks(mongo))
        self.checkout = ReservationCheckout(intents, holds, carts, settlement)
        self.recovery = MongoRecovery(intents, holds, settlement)
