"""The dashboard: a page at the root, and the files that it loads. They hold nothing of anybody's, so they need no key."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from setu_common.errors import NotFound
from setu_gateway.dashboard.assets import ROOT, Asset, Assets

PAGE_PATHS: Final = ("/", ROOT, f"{ROOT}/")

# The page runs its own modules and nothing else: no inline script or style, no text that becomes markup, no other host.
_RULES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
_HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{name} {rule}" for name, rule in _RULES.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"

IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match")]


def dashboard_router(assets: Assets) -> APIRouter:
    """``GET /`` and the files that it names."""
    router = APIRouter(include_in_schema=False)

    async def page(if_none_match: IfNoneMatch = None) -> Response:
        return _answer(assets.page, if_none_match, _ASK_AGAIN)

    for path in PAGE_PATHS:
        router.add_api_route(path, page, methods=["GET", "HEAD"])

    @router.api_route(f"{ROOT}/{{version}}/{{name}}", methods=["GET", "HEAD"])
    async def file(version: str, name: str, if_none_match: IfNoneMatch = None) -> Response:
        asset = assets.files.get(name)
        if asset is None:
            raise NotFound("The dashboard has no such file. Load its page anew: GET /.")
        # Behind a balancer another version's page may have asked: it gets what there is, and keeps none of it.
        return _answer(asset, if_none_match, _FOR_EVER if version == assets.version else _ASK_AGAIN)

    return router


def _answer(asset: Asset, if_none_match: str | None, caching: str) -> Response:
    headers = {**_HEADERS, "Cache-Control": caching, "ETag": asset.etag}
    if if_none_match is not None and asset.etag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
