"""What a client may say: commands, their fields and the types of these, and aggregation stages. Nothing
else passes.

The names are mongos' own; a field that mongos knows and that is missing here is refused with its error for
unknown ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import Decimal128, Timestamp

from cluster.router.errors import TYPE_MISMATCH, UNKNOWN_FIELD, UNKNOWN_STAGE, CommandError

_TYPES: dict[str, tuple[type, ...]] = {
    "any": (object,),
    "bool": (bool, int, float),
    "doc": (Mapping,),
    "list": (list,),
    "num": (int, float, Decimal128),
    "str": (str,),
    "time": (Timestamp,),
    "change": (Mapping, list),  # an update: operators, a whole document, or a pipeline
    "name": (str, list),
}


def _fields(text: str) -> dict[str, tuple[type, ...]]:
    """`"filter:doc limit:num"` -> the fields and the types they may have."""
    return {name: _TYPES[kind] for name, _, kind in (item.partition(":") for item in text.split())}


_COMMON = _fields(
    "$db:str lsid:doc $clusterTime:any $readPreference:doc readConcern:doc writeConcern:doc maxTimeMS:num "
    "comment:any apiVersion:str apiStrict:bool apiDeprecationErrors:bool"
)
_TRANSACTION = _fields("txnNumber:num autocommit:bool startTransaction:bool stmtId:num stmtIds:list")
_VALIDATION = "validator:doc validationLevel:str validationAction:str changeStreamPreAndPostImages:doc"
_INDEXES = "hint:any collation:doc let:doc"

# command -> its own fields beside the first; "*" marks those that may carry transaction fields
_COMMANDS = {
    "find": "* filter:doc sort:doc projection:doc skip:num limit:num batchSize:num singleBatch:bool min:doc "
    "max:doc returnKey:bool showRecordId:bool noCursorTimeout:bool allowDiskUse:bool tailable:bool "
    f"allowPartialResults:bool awaitData:bool oplogReplay:bool {_INDEXES}",
    "aggregate": "* pipeline:list cursor:doc explain:bool allowDiskUse:bool bypassDocumentValidation:bool "
    f"{_INDEXES}",
    "count": f"query:doc limit:num skip:num fields:any {_INDEXES}",
    "distinct": f"* key:str query:doc {_INDEXES}",
    "getMore": "* collection:str batchSize:num",
    "killCursors": "* cursors:list",
    "insert": "* documents:list ordered:bool bypassDocumentValidation:bool",
    "update": "* updates:list ordered:bool bypassDocumentValidation:bool let:doc",
    "delete": "* deletes:list ordered:bool let:doc",
    "findAndModify": "* query:doc sort:doc remove:bool update:change new:bool fields:doc upsert:bool "
    f"arrayFilters:list bypassDocumentValidation:bool {_INDEXES}",
    "explain": "verbosity:str",
    "commitTransaction": "* recoveryToken:doc",
    "abortTransaction": "* recoveryToken:doc",
    "startSession": "",
    "endSessions": "",
    "killSessions": "",
    "refreshSessions": "",
    "create": f"{_VALIDATION} collation:doc",
    "collMod": f"{_VALIDATION} index:doc",
    "createIndexes": "indexes:list commitQuorum:any",
    "dropIndexes": "index:any",
    "listIndexes": "cursor:doc",
    "listCollections": "filter:doc nameOnly:bool authorizedCollections:bool cursor:doc",
    "drop": "",
    "dropDatabase": "",
    "listDatabases": "filter:doc nameOnly:bool authorizedDatabases:bool",
    "dbStats": "scale:num freeStorage:num",
    "collStats": "scale:num",
    "enableSharding": "primaryShard:str",
    "shardCollection": "key:doc unique:bool numInitialChunks:num presplitHashedZones:bool collation:doc",
    "addShard": "name:str",
    "removeShard": "",
    "listShards": "",
    "getShardMap": "",
    "getShardVersion": "",
    "flushRouterConfig": "",
    "addShardToZone": "zone:str",
    "removeShardFromZone": "zone:str",
    "updateZoneKeyRange": "min:doc max:doc zone:any",
    "split": "find:doc middle:doc bounds:list",
    "moveChunk": "to:str find:doc bounds:list forceJumbo:bool _waitForDelete:bool waitForDelete:bool "
    "_secondaryThrottle:any secondaryThrottle:any",
    "moveRange": "toShard:str min:doc max:doc waitForDelete:bool forceJumbo:bool secondaryThrottle:any",
    "mergeChunks": "bounds:list",
    "balancerStart": "",
    "balancerStop": "",
    "balancerStatus": "",
    "balancerCollectionStatus": "",
    "getDefaultRWConcern": "inMemory:bool",
    "hello": "*any",  # every driver generation has fields of its own, and none goes further
    "ping": "",
    "buildInfo": "",
    "connectionStatus": "showPrivileges:bool",
    "serverStatus": "*any",
    "getParameter": "*any",
    "getCmdLineOpts": "",
    "getLog": "",
    "hostInfo": "",
    "isdbgrid": "",
    "whatsmyuri": "",
    "replSetGetStatus": "",
}
ALIASES = {
    "ismaster": "hello",
    "isMaster": "hello",
    "isdbGrid": "isdbgrid",
    "findandmodify": "findAndModify",
    "buildinfo": "buildInfo",
    "dbstats": "dbStats",
    "collstats": "collStats",
    "deleteIndexes": "dropIndexes",
}
FREE_FIELDS = frozenset(name for name, text in _COMMANDS.items() if text == "*any")
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    name: {**_COMMON, **(_TRANSACTION if text.startswith("*") else {}), **_fields(text.removeprefix("* "))}
    if name not in FREE_FIELDS
    else _COMMON
    for name, text in _COMMANDS.items()
}
FOREIGN_STAGES = frozenset({"$lookup", "$graphLookup", "$unionWith"})
# fmt: off
STAGES = FOREIGN_STAGES | frozenset({
    "$addFields", "$bucket", "$bucketAuto", "$changeStream", "$collStats", "$count", "$densify", "$documents",
    "$facet", "$fill", "$geoNear", "$group", "$indexStats", "$limit", "$match", "$project", "$redact",
    "$replaceRoot", "$replaceWith", "$sample", "$set", "$setWindowFields", "$skip", "$sort", "$sortByCount",
    "$unset", "$unwind",
})
# fmt: on


def check_fields(name: str, body: Mapping[str, Any]) -> None:
    """Raise CommandError for a field the command does not have, or one of the wrong type."""
    if name in FREE_FIELDS:
        _refuse_internal_fields(name, body)
        return
    allowed = FIELDS[name]
    for field, value in list(body.items())[1:]:
        types = allowed.get(field)
        if types is None:
            raise CommandError(UNKNOWN_FIELD, f"BSON field '{name}.{field}' is an unknown field.")
        if value is not None and not isinstance(value, types):
            raise CommandError(
                TYPE_MISMATCH, f"BSON field '{name}.{field}' is the wrong type '{type(value).__name__}'"
            )


def _refuse_internal_fields(name: str, body: Mapping[str, Any]) -> None:
    for field in body:
        if field in ("shardVersion", "databaseVersion") or field.startswith("_") or field.startswith("$_"):
            raise CommandError(UNKNOWN_FIELD, f"BSON field '{name}.{field}' is an unknown field.")


def check_pipeline(pipeline: Any) -> list[str]:
    """The stages' names; raises CommandError for one that is not on the list, also in nested pipelines."""
    if not isinstance(pipeline, list):
        raise CommandError(TYPE_MISMATCH, "a pipeline must be an array")
    return [_check_stage(stage) for stage in pipeline]


def _check_stage(stage: Any) -> str:
    if not isinstance(stage, Mapping) or len(stage) != 1:
        raise CommandError(40323, "A pipeline stage specification object must contain exactly one field.")
    [(name, argument)] = stage.items()
    if name not in STAGES:
        raise CommandError(UNKNOWN_STAGE, f"Unrecognized pipeline stage name: '{name}'")
    if name == "$facet" and isinstance(argument, Mapping):
        for nested in argument.values():
            check_pipeline(nested)
    elif name in FOREIGN_STAGES and isinstance(argument, Mapping) and "pipeline" in argument:
        check_pipeline(argument["pipeline"])
    return str(name)
