"""A job whose lines a language model edits, on a whole stack: over HTTP, with real speech, and a provider's wire to translate and to edit."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browsing.browser import browsing, tab
from ownstack.hosted import MODEL, Hosted
from ownstack.jobs import Caller, Json
from ownstack.stack import OwnStack
from setu_common.testing.dialects import Asked
from testbed.editing import asked_in, document_of, reply_of, verdicts_of
from testbed.sources import ROOT
from testbed.tools import tool

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

STACK = "hosted"
JOB_S = 180.0
NAME = "Zebulon"
DRAFT = "we said hello"


def says(asked: Asked) -> str:
    """A translator that gives each line the same words, an editor that has the first of them say the name, and a judge who likes all."""
    if verdicts := verdicts_of(asked.messages[-1][1]):
        return verdicts
    if "into English" in asked.messages[0][1] and not asked.messages[-1][1].startswith("<<"):
        return reply_of({line["id"]: DRAFT for line in json.loads(asked.messages[-1][1])["lines"]})
    lines = asked_in(document_of(asked.messages[-1][1]))
    return reply_of({number: line["draft"].replace("we", NAME, 1) for number, line in lines.items()})


@pytest.fixture(scope="module", autouse=True)
def _says(hosted: Hosted) -> None:
    hosted.says = says


def finished(caller: Caller, media: Path, **fields: Json) -> Json:
    """A job that ended well."""
    with media.open("rb") as content:
        answer = caller.http.post(
            "/jobs",
            data={
                "source_language": "fr",
                "target_languages": ["en"],
                **{name: json.dumps(told) for name, told in fields.items()},
            },
            files={"media": (media.name, content, "audio/wav")},
        )
    assert answer.status_code == 202, answer.text
    job = caller.ended(answer.json()["id"], JOB_S)
    assert (job["state"], job["degraded"]) == ("succeeded", []), job
    return job


def lines_of(caller: Caller, job: Json, language: str) -> list[str]:
    document = caller.http.get(f"/jobs/{job['id']}/subtitles/{language}.json").raise_for_status().json()
    return [line["text"] for line in document["lines"]]


def edited_for_usd(caller: Caller, job: Json) -> Decimal:
    stages = caller.http.get(f"/jobs/{job['id']}/cost").json()["stages"]
    return sum((Decimal(stage["usd"]) for stage in stages if stage["stage"] == "enhancements"), Decimal(0))


def test_a_jobs_lines_are_edited_and_the_next_run_has_its_edits_for_nothing(caller: Caller, short_speech: Path):
    plain = finished(caller, short_speech, overrides={"enhancement": "off"})
    stage = next(stage for stage in plain["stages"] if stage["stage"] == "enhance")
    assert (stage["state"], stage["note"]) == ("skipped", "not wanted: overrides.enhancement is off")
    draft = lines_of(caller, plain, "en")[-1]
    assert draft == DRAFT
    heard = lines_of(caller, plain, "fr")[-1]  # the others count to ten

    known = {"characters": [{"name": NAME, "source": " ".join(heard.split()[:2])}]}
    job = finished(caller, short_speech, context=known)
    audit = caller.http.get(f"/jobs/{job['id']}/enhancements/en").raise_for_status().json()
    assert lines_of(caller, job, "en")[-1] == draft.replace("we", NAME, 1), audit
    assert NAME in caller.http.get(f"/jobs/{job['id']}/subtitles/en.srt").text
    edited = audit["lines"][-1]
    assert (edited["draft"], edited["changed"], edited["cached"], edited["model"]) == (draft, True, False, MODEL)
    assert "name" in {reason["kind"] for reason in edited["reasons"]}
    assert edited["score_after"]["total"] > edited["score_before"]["total"]
    assert f"<del>we</del> <ins>{NAME}</ins>" in caller.http.get(f"/jobs/{job['id']}/enhancements/en.html").text
    glossary = caller.http.get(f"/v1/glossaries/{job['id']}/en").json()
    assert next((entry["target"], entry["provenance"]) for entry in glossary["entries"]) == (NAME, "caller")
    assert edited_for_usd(caller, job) == sum(Decimal(line["cost_usd"]) for line in audit["lines"]) > 0

    again = finished(caller, short_speech, context=known)
    assert lines_of(caller, again, "en") == lines_of(caller, job, "en")
    assert edited_for_usd(caller, again) == 0
    assert caller.http.get(f"/jobs/{again['id']}/enhancements/en").json()["lines"][-1]["cached"] is True

    caller.gone(job["id"], JOB_S)
    caller.gone(again["id"], JOB_S)
    assert edited_for_usd(caller, finished(caller, short_speech, context=known)) > 0  # what was erased is not remembered


def test_an_edit_is_read_beside_its_draft_on_the_dashboard(stack: OwnStack, caller: Caller, short_speech: Path):
    heard = lines_of(caller, finished(caller, short_speech, overrides={"enhancement": "off"}), "fr")[-1]
    job = finished(caller, short_speech, context={"characters": [{"name": NAME, "source": " ".join(heard.split()[:2])}]})
    with browsing(tool("chromium")) as browser, tab(browser, stack.url) as opened:
        opened.open(f"/jobs/{job['id']}")
        changed = opened.page.locator(".line", has=opened.page.locator("ins"))
        expect(changed).to_have_count(1)
        expect(changed.locator("del")).to_have_text("we")
        expect(changed.locator("ins")).to_have_text(NAME)
        expect(changed.locator(".said-line")).to_have_text(heard)
        expect(changed.get_by_role("list", name="Reasons")).to_contain_text("Name")
        opened.page.get_by_label("Only lines that were changed").check()
        expect(opened.page.locator(".line")).to_have_count(1)
        opened.settled()
        expect(opened.page.get_by_role("region", name="Cost by what was done")).to_contain_text(MODEL)
        shown = opened.page.locator("data.figure").get_attribute("value")
        opened.shot(ROOT / "build" / "dashboard", "job-edited")
        assert opened.barriers() == []
        assert opened.complaints == []
    told = caller.http.get(f"/jobs/{job['id']}/cost").json()["usd"]
    reported = caller.http.get(f"/jobs/{job['id']}/report", params={"format": "json"}).raise_for_status().json()["cost"]["usd"]
    with stack.rows() as db:
        (kept,) = db.execute("SELECT sum(usd) AS usd FROM ledger.call WHERE job_id = %s", [job["id"]]).fetchall()
    assert Decimal(str(shown)) == Decimal(told) == Decimal(reported) == Decimal(str(kept["usd"])) > 0, (
        "dashboard, API, report and ledger agree"
    )
