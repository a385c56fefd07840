"""The OpenAPI document, made from the route table and the schemas and handed to sanic-ext, which serves it.

sanic-ext writes OpenAPI 3.0.3, pydantic writes JSON Schema 2020-12; `_older` closes the gap. Operations are given to
its builder as they are (`raw`) because its decorators drop headers and named examples.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

import shardmart
from shardmart.domain.accounts import Role
from shardmart.domain.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    ShardmartError,
    Unauthenticated,
    Unavailable,
)
from shardmart.service.lab import NODE_ACTIONS
from shardmart.web import answers
from shardmart.web.endpoints import Route
from shardmart.web.errors import PROBLEM, status_of
from shardmart.web.json_body import MalformedJson
from shardmart.web.queries import Parameter

Json = dict[str, Any]
_DESCRIPTION = "A marketplace on MongoDB that never sells what is not there. Errors are RFC 9457 problem documents."
_HEADERS: dict[str, Json] = {
    "Idempotency-Key": {
        "description": "Names this checkout for 24 hours: repeated with the same body, it is the same checkout.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "example": "cart-2026-01-31-1",
    },
    "Origin": {
        "description": "Sent by browsers. When present it must be an origin of the shop's own pages.",
        "schema": {"type": "string", "enum": ["http://127.0.0.1:8000", "http://localhost:8000"]},
    },
    "Set-Cookie": {"description": "The refresh token, HttpOnly.", "schema": {"type": "string"}},
    "Content-Disposition": {"description": "A file to be saved.", "schema": {"type": "string"}},
    "ETag": {"description": "Names this very content.", "schema": {"type": "string"}},
    "Location": {"description": "Where it is.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "WWW-Authenticate": {"description": "How to sign in.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {"description": "`true` on a repeated answer.", "schema": {"type": "string"}},
    "X-Staleness-Bound": {
        "description": "Seconds by which the page may be behind, when the shop reads pages from secondaries.",
        "schema": {"type": "string"},
    },
    "X-Request-Id": {"description": "Names the request in the logs.", "schema": {"type": "string"}},
}
_ERROR_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
_WRONG_FIELD = {"field": "items[0].quantity", "message": "Input should be greater than or equal to 1"}
_PATH_PARTS: dict[str, Json] = {
    "action": {"type": "string", "enum": list(NODE_ACTIONS)},
    "name": {"type": "string", "example": "product_by_id"},
    "node": {"type": "string", "example": "rs0-0"},
}


def document(routes: tuple[Route, ...], tags: dict[str, str]) -> Json:
    """All of it but the version, as sanic-ext's builder takes it; `tags` with their descriptions."""
    schemas: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    _add_schema(answers.Problem, schemas)
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "info": {"title": "Shardmart", "version": shardmart.__version__, "description": _DESCRIPTION},
        "tags": [{"name": tag, "description": text} for tag, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "refresh": {"type": "apiKey", "in": "cookie", "name": "refresh_token"},
            },
        },
    }


def errors_of(route: Route) -> dict[int, list[type[ShardmartError]]]:
    """Every error that the route can answer, by status."""
    found: list[type[ShardmartError]] = [MalformedJson] if route.body else []
    if route.access.roles or route.access.knows_visitors:
        found.append(Unauthenticated)
    if route.access.roles and route.access.roles != frozenset(Role):
        found.append(Forbidden)
    if "{" in route.path:
        found.append(NotFound)
    if route.body or route.query or route.upload:
        found.append(InvalidInput)
    if route.path not in ("/healthz", "/metrics"):
        found.append(Unavailable)
    by_status: dict[int, list[type[ShardmartError]]] = {}
    for error in dict.fromkeys((*found, *route.errors)):
        by_status.setdefault(status_of(error), []).append(error)
    return by_status


def _operation(route: Route, schemas: dict[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": _who(route),
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {str(route.status): _success(route, schemas), **_failures(route)},
    }
    if route.body is not None:
        content = {"schema": _add_schema(route.body, schemas), "example": _example(route.body.__name__, schemas)}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.upload is not None:
        file = {"schema": {"type": "string", "format": "binary", "maxLength": route.upload.limit}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.upload.media_types, file)}
    if route.access.roles:
        operation["security"] = [{"bearer": []}]
    elif route.access.knows_visitors:
        operation["security"] = [{}, {"bearer": []}]
    elif "Cookie" in route.headers:
        operation["security"] = [{}, {"refresh": []}]
    return operation


def _who(route: Route) -> str:
    if route.access.is_public:
        return "For everybody."
    return "For " + ", ".join(sorted(role.value + "s" for role in route.access.roles)) + "."


def _success(route: Route, schemas: dict[str, Json]) -> Json:
    answer: Json = {
        "description": HTTPStatus(route.status).phrase,
        "headers": {name: _HEADERS[name] for name in ("X-Request-Id", *route.answer_headers)},
    }
    if route.answer is not None:
        schema = _add_schema(route.answer, schemas)
        example = _example(route.answer.__name__, schemas)
        answer["content"] = {route.media_type: {"schema": schema, "example": example}}
    elif route.status != 204:
        kind = {} if route.media_type.startswith("text/") else {"format": "binary"}
        answer["content"] = {route.media_type: {"schema": {"type": "string", **kind}}}
    return answer


def _failures(route: Route) -> dict[str, Json]:
    failures = {str(status): _failure(status, errors) for status, errors in sorted(errors_of(route).items())}
    for status in (400, 413):  # any request can be malformed or too large
        failures.setdefault(str(status), _failure(status, []))
    return dict(sorted(failures.items()))


def _failure(status: int, errors: list[type[ShardmartError]]) -> Json:
    title = HTTPStatus(status).phrase
    content: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if errors:
        content["examples"] = {error.code: {"value": _problem(status, error)} for error in errors}
    names = ("X-Request-Id", *_ERROR_HEADERS.get(status, ()))
    return {
        "description": f"{title}: {', '.join(f'`{error.code}`' for error in errors)}" if errors else title,
        "headers": {name: _HEADERS[name] for name in names},
        "content": {PROBLEM: content},
    }


def _problem(status: int, error: type[ShardmartError]) -> Json:
    extra: Json = {"errors": [_WRONG_FIELD]} if error is InvalidInput else {}
    return {
        "type": f"urn:shardmart:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        **extra,
    }


def _path_parameters(route: Route) -> list[Json]:
    default = {"type": "string", "minLength": 1, "example": "6553f1a2c4d5e6f708192a3b-7a64e2b3d5c6f708192a3b4c"}
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_PARTS.get(name, default)}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[Json]:
    parameters: tuple[Parameter, ...] = route.query.parameters if route.query else ()
    return [
        {"name": one.name, "in": "query", "description": one.description, "schema": dict(one.schema)}
        for one in parameters
    ]


def _header_parameters(route: Route) -> list[Json]:
    return [{"name": name, "in": "header", **_HEADERS[name]} for name in route.headers if name in _HEADERS]


def _add_schema(model: type[BaseModel], schemas: dict[str, Json]) -> Json:
    """A reference to the model's schema, which is added with all that it refers to."""
    if model.__name__ not in schemas:
        schema = model.model_json_schema(mode="validation", ref_template="#/components/schemas/{model}")
        is_request = not issubclass(model, answers.Answer)
        for name, inner in schema.pop("$defs", {}).items():
            schemas.setdefault(name, _older(inner, is_request=is_request))
        schemas[model.__name__] = _older(schema, is_request=is_request)
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _older(schema: Any, *, is_request: bool) -> Any:
    """JSON Schema as OpenAPI 3.0 knows it; in requests `null` stands for «may be left out» and disappears."""
    if isinstance(schema, list):
        return [_older(one, is_request=is_request) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _older(value, is_request=is_request) for key, value in schema.items() if key != "title"}
    if isinstance(schema.get("properties"), dict):
        result["properties"] = {
            name: _older(value, is_request=is_request) for name, value in schema["properties"].items()
        }
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if isinstance(result.get("examples"), list):
        result["example"] = result.pop("examples")[0]
    if {"type": "null"} in result.get("anyOf", ()):
        result = _without_null(result, is_request=is_request)
    return result


def _without_null(schema: Json, *, is_request: bool) -> Json:
    (other,) = (one for one in schema.pop("anyOf") if one != {"type": "null"})
    schema.pop("default", None)
    if is_request:
        return {**schema, **other}
    nullable = {"allOf": [other]} if "$ref" in other else other
    return {**schema, **nullable, "nullable": True}


def _example(name: str, schemas: dict[str, Json]) -> Any:
    return _sample(schemas[name], schemas)


def _sample(schema: Json, schemas: dict[str, Json]) -> Any:
    """An example made of the examples of its parts."""
    result = next((schema[key] for key in ("example", "default") if key in schema), None)
    if result is not None:
        return result
    if "$ref" in schema:
        result = _example(schema["$ref"].rsplit("/", 1)[-1], schemas)
    elif "allOf" in schema:
        result = _sample(schema["allOf"][0], schemas)
    elif "enum" in schema:
        result = schema["enum"][0]
    elif "properties" in schema:
        result = {name: _sample(one, schemas) for name, one in schema["properties"].items()}
    elif schema.get("type") == "array":
        result = [_sample(schema["items"], schemas)]
    else:
        result = _SAMPLES.get(schema.get("type", ""))
    return result


_SAMPLES: Json = {"string": "text", "integer": 1, "number": 12.5, "boolean": True, "object": {}}
