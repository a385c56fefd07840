"""Collections, their validators and indexes. Safe to run at every start, by several workers at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from shardmart.adapters.mongo.client import Mongo
from shardmart.domain.errors import Unavailable

UP, DOWN = ASCENDING, DESCENDING
OUTCOME_SECONDS = 48 * 3600  # outlives every claim, so a key that is still known always has its answer
NAMESPACE_EXISTS = 48
NOTICE_SECONDS = 30 * 24 * 3600


def _index(name: str, keys: dict[str, int], **options: Any) -> IndexModel:
    return IndexModel(list(keys.items()), name=name, **options)


INDEXES: Mapping[str, list[IndexModel]] = {
    "users": [
        _index("email", {"email_key": UP}, unique=True),
        _index("newest", {"deleted": UP, "role": UP, "created_at": DOWN, "_id": DOWN}),
        _index("name", {"deleted": UP, "name_key": UP}),
        _index("buried", {"deleted_at": UP}, sparse=True),
    ],
    "sessions": [
        _index("user", {"user_id": UP}),
        _index("expiry", {"expires_at": UP}, expireAfterSeconds=0),
    ],
    "limits": [_index("expiry", {"expires_at": UP}, expireAfterSeconds=0)],
    "products": [
        # One per sort: `listed_in` holds every mix of category and seller a product is listed under.
        _index("listed_newest", {"listed_in": UP, "in_stock": UP, "created_at": DOWN, "_id": DOWN}),
        _index("listed_price", {"listed_in": UP, "in_stock": UP, "price": UP, "_id": UP}),
        _index("listed_name", {"listed_in": UP, "in_stock": UP, "name_key": UP, "_id": UP}),
        _index("terms", {"terms": UP, "created_at": DOWN, "_id": DOWN}),
        _index("seller_newest", {"seller_id": UP, "deleted": UP, "created_at": DOWN, "_id": DOWN}),
        _index("newest", {"deleted": UP, "created_at": DOWN, "_id": DOWN}),
        _index("categories", {"is_active": UP, "category": UP}),
        # What a crash left held; the reservations of a product are gone as soon as they are settled.
        _index(
            "reserved",
            {"reservations.taken.at": UP},
            partialFilterExpression={"reservations.taken.at": {"$type": "date"}},
        ),
    ],
    # what GridFS would create by itself at the first upload
    "images.files": [_index("filename_1_uploadDate_1", {"filename": UP, "uploadDate": UP})],
    "images.chunks": [_index("files_id_1_n_1", {"files_id": UP, "n": UP}, unique=True)],
    "orders": [
        _index("buyer", {"buyer_id": UP, "status": UP, "timestamp": DOWN, "_id": DOWN}),
        _index("seller", {"seller_id": UP, "status": UP, "timestamp": DOWN, "_id": DOWN}),
        _index("newest", {"status": UP, "timestamp": DOWN, "_id": DOWN}),
    ],
    "inventory_logs": [
        # The chain itself needs no index: `_id` is product and version. This one serves the audit.
        _index("order", {"order_id": UP}, partialFilterExpression={"order_id": {"$type": "string"}}),
    ],
    "carts": [],
    "locks": [],
    "app_nodes": [_index("expiry", {"expires_at": UP}, expireAfterSeconds=0)],
    "announcements": [_index("expiry", {"expires_at": UP}, expireAfterSeconds=0)],
    "claims": [_index("expiry", {"expires_at": UP}, expireAfterSeconds=0)],
    "outcomes": [
        _index("expiry", {"expires_at": UP}, expireAfterSeconds=0),
        _index("claim", {"claim_id": UP}, partialFilterExpression={"claim_id": {"$type": "string"}}),
        _index("unsettled", {"unsettled_since": UP}, sparse=True),
    ],
    "notifications": [
        _index("user", {"user_id": UP, "created_at": DOWN, "_id": DOWN}),
        _index("unread", {"user_id": UP}, partialFilterExpression={"read": False}),
        _index("expiry", {"expires_at": UP}, expireAfterSeconds=0),
    ],
}

_WHOLE, _TEXT, _MONEY = {"bsonType": ["int", "long"]}, {"bsonType": "string"}, {"bsonType": "decimal"}
_COUNT = {**_WHOLE, "minimum": 0}


def _validator(**fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"$jsonSchema": {"bsonType": "object", "required": list(fields), "properties": fields}}


# The last line of defence: none of these may ever fire.
VALIDATORS: Mapping[str, dict[str, Any]] = {
    "users": _validator(name=_TEXT, email=_TEXT, email_key=_TEXT, role={"enum": ["buyer", "seller", "admin"]}),
    "products": _validator(
        seller_id=_TEXT, name=_TEXT, price=_MONEY, stock=_COUNT, category=_TEXT, version={**_WHOLE, "minimum": 1}
    ),
    "orders": _validator(
        buyer_id=_TEXT,
        seller_id=_TEXT,
        checkout_id=_TEXT,
        product_list={"bsonType": "array", "minItems": 1},
        total_amount=_MONEY,
        status={"enum": ["placed", "completed", "cancelled"]},
    ),
    "inventory_logs": _validator(
        product_id=_TEXT,
        seller_id=_TEXT,
        version=_WHOLE,
        old_stock=_COUNT,
        new_stock=_COUNT,
        change_type={"enum": ["restock", "purchase", "adjustment", "cancellation"]},
    ),
}


async def ensure_schema(mongo: Mongo) -> None:
    """Creates what is missing. Raises pymongo errors: the caller knows whether to wait and try again."""
    existing = set(await mongo.db.list_collection_names())
    for name, indexes in INDEXES.items():
        if name not in existing:
            await _create(mongo, name)
        if indexes:
            await mongo.collection(name).create_indexes(indexes)


async def require_schema(mongo: Mongo) -> None:
    """Raises Unavailable when an index is missing."""
    for name, indexes in INDEXES.items():
        there = await mongo.collection(name).index_information()
        if any(index.document["name"] not in there for index in indexes):
            raise Unavailable(f"The indexes of {name} are not there yet.")


async def _create(mongo: Mongo, name: str) -> None:
    options: dict[str, Any] = {"validator": VALIDATORS[name]} if name in VALIDATORS else {}
    try:
        await mongo.db.create_collection(name, **options)
    except CollectionInvalid:
        return  # another app node was first
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:  # the same, a moment later
            raise
