"""The dashboard's files: what is sent, how it is kept, and what its page may do."""

import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from setu_common.contracts import LANGUAGE_NAMES
from setu_gateway.app import make_app
from setu_gateway.dashboard.assets import load_assets
from setu_gateway.settings import EdgeSettings
from testbed.sources import ROOT

STATIC = ROOT / "services/gateway/src/setu_gateway/dashboard/static"
ASSETS = load_assets("off")
LINES_AT_MOST = 400
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser")


@pytest.fixture
def keyed(gateway_settings):
    settings = replace(gateway_settings, edge=EdgeSettings(auth="keys"))
    with TestClient(make_app(settings), raise_server_exceptions=False) as client:
        yield client


def policy(answer) -> dict[str, str]:
    told = answer.headers["content-security-policy"].split("; ")
    return {name: rest for name, _, rest in (each.partition(" ") for each in told)}


@pytest.mark.parametrize("path", ["/", "/dashboard", "/dashboard/"])
def test_the_page_loads_nothing_but_its_own_files_and_runs_nothing_else(api, path):
    answer = api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    named = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    files = {each for each in named if not each.startswith("#")}
    assert files
    assert all(each.startswith(f"{ASSETS.prefix}/") for each in files), files
    assert all(api.get(each).status_code == 200 for each in files)
    assert "{prefix}" not in answer.text
    rules = policy(answer)
    assert (rules["default-src"], rules["script-src"], rules["style-src"], rules["connect-src"]) == ("'none'", *["'self'"] * 3)
    assert (rules["frame-ancestors"], rules["base-uri"], rules["require-trusted-types-for"]) == ("'none'", "'none'", "'script'")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", answer.text)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("main.js", "text/javascript; charset=utf-8"), ("look.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml")],
)
def test_a_file_is_kept_for_ever_under_a_name_that_changes_with_it(api, name, media_type):
    answer = api.get(f"{ASSETS.prefix}/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content == (STATIC / name).read_bytes()
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    known = api.get(f"{ASSETS.prefix}/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    older = api.get(f"/dashboard/0123456789abcdef/{name}")
    assert (older.status_code, older.headers["cache-control"]) == (200, "no-cache")


def test_the_version_changes_with_whatever_a_browser_is_told():
    assert load_assets("off").version == ASSETS.version
    assert load_assets("keys").version != ASSETS.version


def test_forms_offer_every_language(api):
    told = api.get(f"{ASSETS.prefix}/facts.js").text
    assert all(f'"{code}": "{name}"' in told for code, name in LANGUAGE_NAMES.items())


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/{v}/nothing.js",
        "/dashboard/{v}/index.html",
        "/dashboard/{v}/../assets.py",
        "/dashboard/{v}/..%2f..%2fassets.py",
        "/dashboard/{v}/..%5cassets.py",
        "/dashboard/{v}/%2e%2e/%2e%2e/etc/passwd",
        "/dashboard/{v}/static/main.js",
        "/dashboard/{v}//etc/passwd",
        "/dashboard/%2e%2e/jobs",
        "/dashboard/%00",
    ],
)
def test_nothing_else_is_a_file(api, keyed, path):
    for client in (api, keyed):
        answer = client.get(path.format(v=ASSETS.version))
        assert answer.status_code in (401, 404), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_where_there_are_keys_the_page_comes_without_one_and_nothing_else_does(keyed):
    assert keyed.get("/").status_code == 200
    prefix = load_assets("keys").prefix
    assert '"auth": "keys"' in keyed.get(f"{prefix}/facts.js").text
    assert keyed.get("/jobs").status_code == 401
    assert keyed.get("/dashboards/x").status_code == 401
    assert keyed.post("/").status_code == 405


def test_a_page_of_another_name_is_refused_as_all_is(api):
    assert api.get("/", headers={"Host": "evil.example"}).status_code == 403


def test_modules_are_few_screens_long_name_each_other_and_make_no_markup():
    names = {path.name for path in STATIC.glob("*.js")} | {"facts.js"}
    for path in STATIC.glob("*.js"):
        text = path.read_text()
        assert len(text.splitlines()) <= LINES_AT_MOST, path.name
        assert set(re.findall(r'from "\./([^"]+)"', text)) <= names, path.name
        assert not MARKUP.search(text), path.name
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|…)", text), path.name
