"""The dashboard in a real browser, on a whole stack with real models: submit, watch, read, play, command, and what it says without any of it."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil
import pytest
from playwright.sync_api import Browser, expect

from browsing.browser import SIZES, Scheme, Tab, browsing, tab
from ownstack.jobs import HEARD_ANEW, Caller
from ownstack.stack import OwnStack
from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.ports import free_port
from setu_gateway.keys.book import KeyBook
from testbed.serving import launch, ready
from testbed.sources import ROOT
from testbed.tools import tool

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

STACK = "shown"
JOB_S = 120.0
JOB_MS = JOB_S * 1000
PICTURES = ROOT / "build" / "dashboard"
PAGES = ("/", "/new", "/trends", "/resources", "/budgets", "/circuits")
HOSTILE = "<img src=x onerror=alert(1)>&amp; naïve.wav"
DROP = """async ([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name, {type: "audio/wav"}));
  for (const kind of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: dropped, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing(tool("chromium")) as running:
        yield running


@pytest.fixture
def dashboard(browser: Browser, stack: OwnStack, caller: Caller) -> Iterator[Tab]:
    """A tab that must have nothing to complain about."""
    with tab(browser, stack.url) as opened:
        yield opened
        assert opened.complaints == []


@pytest.fixture(scope="module")
def job(stack: OwnStack, short_speech: Path) -> Iterator[str]:
    """A job that delivers less than it was asked for, under a name that would be markup."""
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        answer = client.post(
            "/jobs",
            data={
                "source_language": "fr",
                "target_languages": ["en"],
                "overrides": json.dumps({"translation_engine": "indictrans2"}),
            },
            files={"media": (HOSTILE, short_speech.read_bytes(), "audio/wav")},
        )
        assert answer.status_code == 202, answer.text
        caller = Caller(stack, client)
        ended = caller.ended(answer.json()["id"], JOB_S)
        assert (ended["state"], bool(ended["degraded"])) == ("succeeded", True), ended
        yield ended["id"]
        caller.gone(ended["id"], JOB_S)


def test_a_recording_is_dropped_watched_read_and_played(dashboard: Tab, caller: Caller, short_speech: Path):
    page = dashboard.page
    dashboard.open("/")
    page.evaluate(DROP, ["Café de nuit.wav", base64.b64encode(short_speech.read_bytes()).decode()])
    expect(page.get_by_role("heading", name="New job")).to_be_visible()
    expect(page.locator(".chosen")).to_contain_text("Café de nuit.wav")
    page.get_by_label("Spoken language").select_option(label="French")
    expect(page.locator(".chip")).to_have_text(["English×"])
    expect(page.locator(".estimate")).to_contain_text("of work")
    page.get_by_text("Special wishes").click()
    page.get_by_label("Take what earlier jobs did").uncheck()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="Café de nuit.wav")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    dashboard.shot(PICTURES, "job-under-way")
    expect(page.locator(".job-line .badge")).to_have_text("●succeeded", timeout=JOB_MS)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.locator(".timeline tbody th")).to_have_count(len(caller.http.get(f"/jobs/{job_id(page.url)}").json()["stages"]))

    document = caller.http.get(f"/jobs/{job_id(page.url)}/subtitles/en.json").json()
    expect(page.locator(".line .final")).to_have_text([line["text"].strip() for line in document["lines"]])
    expect(page.locator(".line .said-line")).to_have_text([line["source_text"].strip() for line in document["lines"]])
    page.locator(".line .at").last.click()
    page.wait_for_function(
        "(from) => document.querySelector('video').currentTime >= from", arg=document["lines"][-1]["start_s"]
    )
    page.wait_for_function("() => document.querySelector('video').textTracks[0]?.cues?.length > 0")
    shown = page.evaluate(
        "() => [...document.querySelector('video').textTracks].map((each) => [each.language, each.kind, each.mode])"
    )
    assert shown == [["en", "subtitles", "showing"], ["fr", "captions", "disabled"]]
    assert page.evaluate("() => document.querySelector('video').textTracks[0].cues.length") == len(document["cues"])
    expect(page.locator(".line[aria-current]")).to_have_count(1)
    page.evaluate("() => document.querySelector('video').pause()")
    page.locator(".lines-top select").select_option(label="French (spoken)")
    expect(page.locator(".line p").first).to_have_text(document["lines"][0]["source_text"].strip())
    assert page.evaluate("() => [...document.querySelector('video').textTracks].map((each) => each.mode)") == [
        "disabled",
        "showing",
    ]

    with page.expect_download() as told:
        page.locator(".files li", has_text="English").get_by_role("link", name="SRT").click()
    assert told.value.suggested_filename == "Café de nuit.en.srt"
    dashboard.settled()
    expect(page.get_by_role("region", name="Cost by what was done")).to_contain_text("whisper-base")
    expect(page.get_by_role("region", name="Attempts")).to_contain_text("Transcribe")
    assert dashboard.barriers() == []
    dashboard.shot(PICTURES, "job")

    page.get_by_role("button", name="Erase").click()
    page.get_by_role("button", name="Erase it").click()
    expect(page.locator("main").get_by_text("The job is erased.")).to_be_visible(timeout=JOB_MS)
    assert len([each for each in dashboard.complaints if "404" in each]) <= 1  # how it is known to be gone
    dashboard.complaints[:] = [each for each in dashboard.complaints if "404" not in each]


def test_what_was_not_delivered_is_told_and_names_are_no_markup(dashboard: Tab, job: str):
    page = dashboard.page
    dashboard.open("/")
    row = page.locator(".rows li", has_text=HOSTILE)
    expect(row).to_contain_text("succeeded in part")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(page.locator(".notice.warning")).to_contain_text("less than was asked for")
    expect(page.locator(".notice.warning li")).to_contain_text("English")
    assert page.locator("main img").count() == 0
    dashboard.settled()
    dashboard.shot(PICTURES, "job-degraded")


def test_a_circuit_is_forced_open_and_let_go(dashboard: Tab, caller: Caller):
    page = dashboard.page
    dashboard.open("/circuits")
    card = page.locator(".card").filter(has=page.get_by_text("optimizer", exact=True))
    try:
        card.get_by_role("button", name="Force open").click()
        page.get_by_role("button", name="No, leave it").click()
        assert circuit(caller, "optimizer")["mode"] == "auto"
        card.get_by_role("button", name="Force open").click()
        page.get_by_role("button", name="Yes, do it").click()
        expect(card).to_contain_text("forced open")
        assert circuit(caller, "optimizer")["mode"] == "open"
        dashboard.shot(PICTURES, "circuit-forced")
        dashboard.open("/")
        expect(page.locator(".tile", has_text="Circuits")).to_contain_text("1 open")
        dashboard.open("/circuits")
        card.get_by_role("button", name="Let it rule itself").click()
        expect(card).not_to_contain_text("forced")
        assert circuit(caller, "optimizer")["mode"] == "auto"
    finally:
        caller.http.put("/v1/breakers/optimizer", json={"mode": "auto"})


def test_a_budget_is_set_and_removed(dashboard: Tab, caller: Caller):
    page = dashboard.page
    dashboard.open("/budgets")
    expect(page.get_by_text("There is no limit for the month.")).to_be_visible()
    page.get_by_label("Limit for each calendar month").fill("12.5")
    page.get_by_role("button", name="Set the limit").click()
    expect(page.locator("main")).to_contain_text("of $12.50 spent or reserved")
    assert float(caller.http.get("/v1/budgets").json()["budgets"][0]["limit_usd"]) == 12.5
    page.get_by_role("button", name="Remove it").click()
    page.get_by_role("button", name="Remove the limit").click()
    expect(page.get_by_text("There is no limit for the month.")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("phone", "dark")])
@pytest.mark.usefixtures("caller")
def test_every_page_is_for_everybody(browser: Browser, stack: OwnStack, job: str, size: str, scheme: Scheme):
    with tab(browser, stack.url, size=SIZES[size], scheme=scheme) as opened:
        for path in (*PAGES, f"/jobs/{job}"):
            opened.open(path)
            opened.settled()
            name = path.split("/")[1] or "first"
            opened.shot(PICTURES, f"{name}-{size}-{scheme}")
            assert opened.barriers() == [], path
            assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= SIZES[size][0], path
        opened.page.keyboard.press("Tab")
        expect(opened.page.locator(":focus")).to_be_visible()
        assert opened.complaints == []


def test_a_gateway_that_goes_and_comes_back_is_told_of_and_found_again(
    browser: Browser, stack: OwnStack, caller: Caller, job: str
):
    with tab(browser, stack.url) as opened:
        opened.open("/")
        row = opened.page.locator(".rows li", has_text=HOSTILE)
        expect(row).to_be_visible()
        away = opened.page.locator("#away")
        until = time.monotonic() + JOB_MS / 1000
        while not away.inner_text():
            assert time.monotonic() < until, "the page did not notice"
            stack.send("gateway-api")  # each time that it is back before the page has asked anything
            opened.page.wait_for_timeout(100)
        expect(away).to_contain_text("The gateway does not answer")
        expect(row).to_be_visible()  # what was seen stays
        opened.shot(PICTURES, "away")
        expect(away).to_be_empty(timeout=JOB_MS)
        opened.settled()
        expect(row).to_be_visible()
        assert [each for each in opened.complaints if "ERR_" not in each] == []


def test_a_gateway_that_answers_some_requests_and_not_others_is_not_asked_without_end(browser: Browser, stack: OwnStack):
    with tab(browser, stack.url) as opened:
        page = opened.page
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.route("**/jobs?state=running*", lambda route: route.abort())
        page.clock.install(time="2030-01-01T00:00:00Z")
        page.clock.pause_at("2030-01-01T00:00:01Z")
        opened.open("/")
        for _ in range(20):  # the page's own time goes on for three seconds, whatever these take
            page.clock.run_for(150)
            page.evaluate("async () => (await fetch('/healthz')).ok")
        assert 1 <= sum("state=running" in each for each in asked) <= 3


@contextmanager
def keyed_gateway(stack: OwnStack, folder: Path) -> Iterator[str]:
    """A gateway beside the stack's own that asks for keys."""
    folder.mkdir()
    port = free_port()
    # As one has it that is started by its command: where those that are forked had theirs, their title stands.
    environment = {**psutil.Process(stack.process("llm").pid).environ(), "SETU_GATEWAY_AUTH": "keys"}
    with Guarded(folder / "guardian.log") as guarded:
        guarded.start_ready(
            launch(("setu_gateway.main", "--host", "127.0.0.1", "--port", str(port)), environment, folder),
            lambda _: ready(port),
            timeout_s=60,
        )
        yield f"http://127.0.0.1:{port}"


def test_where_there_are_keys_one_is_asked_for_and_sent_along(
    browser: Browser, stack: OwnStack, caller: Caller, short_speech: Path, tmp_path: Path
):
    key = KeyBook(stack.database).create("newcomer")[1]
    with keyed_gateway(stack, tmp_path / "keyed") as url, tab(browser, url) as opened:
        page = opened.page
        page.goto(url)
        page.get_by_label("API key").fill("setu_00000000_" + "0" * 64)
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_text("This key is not good")).to_be_visible()
        opened.shot(PICTURES, "key")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
        expect(page.get_by_text("Nothing is under way.")).to_be_visible()
        opened.shot(PICTURES, "empty")
        opened.open("/circuits")
        expect(page.locator("main")).to_contain_text("it lacks the scope admin")

        bearer = {"Authorization": f"Bearer {key}"}
        with short_speech.open("rb") as content:
            accepted = httpx2.post(
                f"{url}/jobs",
                data={"overrides": HEARD_ANEW},
                files={"media": ("talk.wav", content, "audio/wav")},
                headers=bearer,
            )
        path = accepted.headers["location"]
        opened.open(path)
        page.wait_for_function("() => document.querySelector('video')?.readyState > 0")
        assert page.evaluate("() => document.querySelector('video').src").startswith("blob:")
        httpx2.delete(f"{url}{path}", params={"purge": "true"}, headers=bearer).raise_for_status()
        assert key not in page.content()
        assert {each for each in opened.complaints if "401" not in each and "403" not in each and "404" not in each} == set()


def job_id(address: str) -> str:
    return address.rpartition("/")[2]


def circuit(caller: Caller, name: str) -> dict[str, object]:
    found: dict[str, object] = next(each for each in caller.http.get("/v1/breakers").json()["breakers"] if each["name"] == name)
    return found
