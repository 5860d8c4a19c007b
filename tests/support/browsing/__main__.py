"""``python -m browsing FOLDER``: pictures of the dashboard, taken of a whole stack that has done real jobs.

Its jobs are done in a minute. So that trends have something to show, what is on record of them is dated back over a week.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx2
from playwright.sync_api import Browser

from browsing.browser import SIZES, Scheme, browsing, tab
from browsing.scene import name_in, scene_settings, served_scene
from ownstack.jobs import Caller, Json
from ownstack.speech import catalogue, recording
from ownstack.stack import OwnStack, own_stack
from setu_cli.embedded.stack import SPEECH_MODEL, embedded_stack

JOB_S: Final = 180.0
EPISODES: Final = 9
DAYS: Final = 7
MOST_BYTES: Final = 150_000
WIDE: Final = (1180, 860)
TALL: Final = (1180, 1220)
# Where a job's dates are on record.
_DATED: Final = (
    "UPDATE gateway.job SET created_at = created_at - %(by)s, ended_at = ended_at - %(by)s WHERE id = %(id)s",
    "UPDATE gateway.stage SET started_at = started_at - %(by)s, ended_at = ended_at - %(by)s WHERE job_id = %(id)s",
    "UPDATE ledger.job_outcome SET created_at = created_at - %(by)s, ended_at = ended_at - %(by)s WHERE job_id = %(id)s",
    "UPDATE ledger.stage_metrics SET created_at = created_at - %(by)s WHERE job_id = %(id)s",
    "UPDATE ledger.call_intent SET created_at = created_at - %(by)s WHERE job_id = %(id)s",
)


def main(folder: Path) -> None:
    """Do the jobs, take the pictures."""
    executable = shutil.which("chromium")
    if executable is None:
        raise SystemExit("chromium is not installed: apt-get install --no-install-recommends chromium")
    catalogue().ensure(SPEECH_MODEL)
    with ExitStack() as resources:
        work = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="setu-pictures-")))
        wire = resources.enter_context(served_scene())
        stack = resources.enter_context(own_stack(embedded_stack, scene_settings(wire.url), work / "logs"))
        client = resources.enter_context(httpx2.Client(base_url=stack.url, timeout=30))
        edited = _history(stack, Caller(stack, client), work)
        browser = resources.enter_context(browsing(executable))
        pages = {"trends": "/trends", "resources": "/resources", "circuits": "/circuits", "job": f"/jobs/{edited}"}
        for name, path in pages.items():
            _take(browser, stack.url, path, folder / f"{name}.png", size=TALL if name == "job" else WIDE)
        _take(browser, stack.url, pages["job"], folder / "lines.png", size=(1180, 620), at="#subtitles-title")
        _submit(client, recording(work, of="under way"), "Épisode 10 – La gare.wav", overrides={"reuse": False})
        _take(browser, stack.url, "/", folder / "jobs.png")
        _take(browser, stack.url, "/", folder / "phone.png", size=SIZES["phone"], scheme="dark")
    large = [path.name for path in folder.glob("*.png") if path.stat().st_size > MOST_BYTES]
    if large:
        raise SystemExit(f"larger than {MOST_BYTES} bytes: {', '.join(large)}")


def _history(stack: OwnStack, caller: Caller, work: Path) -> str:
    """A week of jobs: most go well, one delivers less, one can't be read; the id of the newest that was edited."""
    sound = recording(work, ("fr",), of="pictures")
    plain = _ended(caller, _submit(caller.http, sound, "Essai.wav"))
    heard = caller.http.get(f"/jobs/{plain}/subtitles/fr.json").raise_for_status().json()["lines"][-1]["text"]
    edited = ""
    for number in range(1, EPISODES + 1):
        name = f"Café de nuit – épisode {number}.wav"
        edited = _ended(caller, _submit(caller.http, sound, name, context=name_in(heard)))
        _date_back(stack, edited, number)
    degraded = _submit(caller.http, sound, "Entretien.wav", overrides={"translation_engine": "indictrans2"})
    broken = work / "broken.wav"
    broken.write_bytes(b"no recording " * 50)
    failed = _submit(caller.http, broken, "Bande abîmée.wav")
    for number, job in enumerate((degraded, failed), EPISODES - 3):
        _date_back(stack, _ended(caller, job), number)
    caller.gone(plain, JOB_S)
    caller.http.put("/v1/budgets/month", json={"limit_usd": "0.02"}).raise_for_status()
    return edited


def _submit(client: httpx2.Client, media: Path, name: str, **fields: Json) -> str:
    answer = client.post(
        "/jobs",
        data={"source_language": "fr", "target_languages": ["en"], **{each: json.dumps(told) for each, told in fields.items()}},
        files={"media": (name, media.read_bytes(), "audio/wav")},
    )
    job: str = answer.raise_for_status().json()["id"]
    return job


def _ended(caller: Caller, job: str) -> str:
    caller.ended(job, JOB_S)
    return job


def _date_back(stack: OwnStack, job: str, number: int) -> None:
    by = timedelta(days=DAYS - 1 - number * (DAYS - 1) // EPISODES)
    with stack.rows() as rows:
        for statement in _DATED:
            rows.execute(statement, {"id": job, "by": by})


def _take(
    browser: Browser,
    url: str,
    path: str,
    into: Path,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    at: str = "",
) -> None:
    """Take a picture of a page's beginning, or of what is at a selector."""
    into.parent.mkdir(parents=True, exist_ok=True)
    with tab(browser, url, size=size, scheme=scheme) as opened:
        opened.open(path)
        opened.settled()
        for each in _until_drawn():
            opened.page.wait_for_function(each)
        if at:
            opened.page.evaluate("(at) => document.querySelector(at).parentElement.scrollIntoView()", at)
        opened.page.screenshot(path=into, animations="disabled")


def _until_drawn() -> Iterator[str]:
    """What must be there: drawings have a size only once they are laid out; figures at a glance come after the page."""
    yield "() => [...document.querySelectorAll('.drawing')].every((each) => each.firstChild)"
    yield "() => document.querySelector('.tiles') === null || document.querySelector('.tiles').childElementCount > 0"
    yield "() => document.querySelector('.lines') === null || document.querySelectorAll('.line').length > 0"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
