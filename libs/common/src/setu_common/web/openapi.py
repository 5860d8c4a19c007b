"""The OpenAPI document: what an app really answers, problems included."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from setu_common.contracts import Problem
from setu_common.errors import InternalError, InvalidRequest, NotFound, PayloadTooLarge, SetuError, Unauthorized
from setu_common.web.caller import DOCUMENTED
from setu_common.web.hosts import HostNotAllowed
from setu_common.web.limits import RateLimited
from setu_common.web.problems import PROBLEM_MEDIA_TYPE, MalformedRequest
from setu_common.web.scopes import Allowed, ScopeLacking
from setu_common.web.trust import OPEN_PATHS, PROBES, Trust

Json = dict[str, Any]  # Any: JSON as OpenAPI has it
METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_PROBLEM_CONTENT: Final[Json] = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(*types: type[SetuError]) -> dict[int | str, dict[str, Any]]:  # Any: what FastAPI takes
    """The ``responses=`` of a route that may raise these errors.

    400, 401, 403, 404 (where the path has parameters), 413, 422 and 500 are documented without being named.
    """
    by_status: dict[int, list[str]] = {}
    for kind in types:
        by_status.setdefault(kind.status, []).append(f"{kind.title} (`{kind.code}`)")
    return {status: {"description": "; ".join(lines), "content": _PROBLEM_CONTENT} for status, lines in by_status.items()}


def install_openapi(app: FastAPI, trust: Trust, *, limited: bool = False) -> None:
    """Make ``/openapi.json`` tell the truth about errors, and about who may call and whether only so often."""

    def document() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, trust, limited=limited)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own documented way


def _document(app: FastAPI, trust: Trust, *, limited: bool) -> Json:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    if trust.scheme is not None:
        components["securitySchemes"] = {trust.scheme: {"type": "http", "scheme": "bearer"}}
    read_by_hand, scopes = _headers_read_by_hand(app), _scopes(app)
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                item[method].setdefault("parameters", []).extend(read_by_hand.get((path, method), ()))
                at_the_door = list(_refusals_at_the_door(path, trust, scopes.get((path, method), []), limited=limited))
                _document_operation(item[method], trust, at_the_door)
                if trust.scheme is not None and path not in OPEN_PATHS:
                    item[method]["security"] = [{trust.scheme: scopes.get((path, method), [])}]
    return document


def _headers_read_by_hand(app: FastAPI) -> dict[tuple[str, str], list[Json]]:
    found: dict[tuple[str, str], list[Json]] = {}
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        if dependant is None or route.path_format is None:
            continue
        parameters = {each["name"]: each for call in _calls(dependant) for each in DOCUMENTED.get(call, ())}
        for method in route.methods or ():
            found[route.path_format, method.lower()] = list(parameters.values())
    return found


def _scopes(app: FastAPI) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        if dependant is None or route.path_format is None:
            continue
        needed = sorted({call.scope for call in _calls(dependant) if isinstance(call, Allowed)})
        for method in route.methods or ():
            found[route.path_format, method.lower()] = needed
    return found


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _calls(dependency)


def _document_operation(operation: Json, trust: Trust, at_the_door: Sequence[type[SetuError]]) -> None:
    parameters = operation.get("parameters", [])
    if not trust.inside:
        parameters = [each for each in parameters if not _is_ours(each)]
    for parameter in parameters:
        parameter["schema"] = _without_null(parameter["schema"])
    if parameters:
        operation["parameters"] = parameters
    else:
        operation.pop("parameters", None)
    responses = operation["responses"]
    stated = responses.get("422", {}).get("content", {})
    if "application/json" in stated:
        del responses["422"]
    has_body = "requestBody" in operation
    expected: list[type[SetuError]] = [InternalError, *at_the_door]
    if has_body:
        expected += MalformedRequest, PayloadTooLarge
    if has_body or parameters:
        expected.append(InvalidRequest)
    if any(each["in"] == "path" for each in parameters):
        expected.append(NotFound)
    for status, response in problems(*expected).items():
        if f"{str(status)[0]}XX" not in responses:  # else it tells problems in a shape of its own
            responses.setdefault(str(status), response)


def _refusals_at_the_door(path: str, trust: Trust, scopes: Sequence[str], *, limited: bool) -> Iterator[type[SetuError]]:
    if trust.scheme is not None and path not in OPEN_PATHS:
        yield Unauthorized
        if scopes:
            yield ScopeLacking
        if limited:
            yield RateLimited
    if not trust.inside and path not in PROBES:
        yield HostNotAllowed


def _without_null(schema: Json) -> Json:
    """An optional parameter is left out; no text of it means null."""
    variants = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if not variants:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**variants[0], **rest} if len(variants) == 1 else {**rest, "anyOf": variants}


def _is_ours(parameter: Json) -> bool:
    return bool(parameter["in"] == "header" and parameter["name"].lower().startswith("setu-"))
