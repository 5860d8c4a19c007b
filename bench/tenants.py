"""Two tenants on one stack: what the jobs of a small one take that come behind 190 of a large one, against what they take alone."""

import statistics
import tempfile
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.figures import Figure, judged
from bench.stack import Json, ended, recording, seconds_between, stack_with
from setu_cli.embedded.home import Home
from setu_cli.embedded.state import load_state
from setu_common.settings import DatabaseSettings
from setu_gateway.keys.book import KeyBook

LARGE = 190
SMALL = 10
SENDERS = 8
CLIP_S = 3
PATIENCE_S = 840
SETTINGS = {"SETU_GATEWAY_AUTH": "keys", "SETU_GATEWAY_RATE_PER_MINUTE": "0", "SETU_ASR_MODEL": "whisper-tiny.en"}
FIELDS = {"source_language": "en", "overrides": '{"reuse": false, "learn": false, "enhancement": "off"}'}


@dataclass(frozen=True)
class Tenant:
    """A tenant's way to the stack."""

    client: httpx2.Client

    def submit(self, media: Path) -> str:
        """Ask for captions in the spoken language; the job's id."""
        with media.open("rb") as opened:
            answer = self.client.post("/jobs", data=FIELDS, files={"media": (media.name, opened, "audio/wav")})
        job_id: str = answer.raise_for_status().json()["id"]
        return job_id

    def turnarounds_s(self, ids: Sequence[str]) -> list[float]:
        """How long jobs took from acceptance to end, once all have ended."""
        jobs: list[Json] = [ended(self.client, job_id, PATIENCE_S) for job_id in ids]
        if failed := [job["problem"] for job in jobs if job["state"] != "succeeded"]:
            raise RuntimeError(f"{len(failed)} jobs did not succeed: {failed[0]}")
        return [seconds_between(job["created_at"], job["ended_at"]) for job in jobs]


def measure() -> list[Figure]:
    """Start a stack; the small tenant alone, both, and the small one alone once more."""
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        state = running.enter_context(stack_with(SETTINGS))
        known = load_state(Home(Path(state["home"])))
        if known is None:
            raise RuntimeError("the stack has ended")
        book = KeyBook(DatabaseSettings(url=known.database_url.get_secret_value()))

        def tenant(name: str) -> Tenant:
            headers = {"Authorization": f"Bearer {book.create(name)[1]}"}
            return Tenant(running.enter_context(httpx2.Client(base_url=state["gateway_url"], headers=headers, timeout=60)))

        large, small = tenant("large"), tenant("small")
        media = _clip(folder)
        small.turnarounds_s([small.submit(media)])  # loads the models
        before_s = _alone(small, media)
        crowded_s, all_s = _crowded(large, small, media)
        alone_s = [before_s, _alone(small, media)]
    print(
        f"  {SMALL} jobs alone {alone_s[0]:.1f} and {alone_s[1]:.1f} s, behind {LARGE} others {crowded_s:.1f} s in the mean",
        flush=True,
    )
    return [
        judged(
            "a small tenant's mean turnaround behind a large one's jobs, against alone",
            [crowded_s / each for each in alone_s],
            unit="x",
            goal=2.5,
            better="less",
            how=f"{LARGE} jobs of one tenant accepted, then {SMALL} of another, on an embedded stack with {SETTINGS['SETU_ASR_MODEL']}; captions of "
            f"{CLIP_S} s of speech each; from acceptance to end, against {SMALL} alone before and after on the same stack",
        ),
        judged(
            "jobs that succeeded",
            [LARGE + SMALL],
            unit=f"of {LARGE + SMALL}",
            goal=LARGE + SMALL,
            better="more",
            how=f"of both tenants; the last of them ended {all_s:.0f} s after it was accepted",
        ),
    ]


def _clip(folder: Path) -> Path:
    """The first seconds of the catalogue's English sample."""
    whole, _ = recording(("en",), folder)
    clip = folder / "clip.wav"
    with wave.open(str(whole)) as sample, wave.open(str(clip), "wb") as cut:
        cut.setparams(sample.getparams())
        cut.writeframes(sample.readframes(CLIP_S * sample.getframerate()))
    return clip


def _alone(small: Tenant, media: Path) -> float:
    return statistics.mean(small.turnarounds_s([small.submit(media) for _ in range(SMALL)]))


def _crowded(large: Tenant, small: Tenant, media: Path) -> tuple[float, float]:
    """The small tenant's mean turnaround behind the large one's jobs, and the longest of all, seconds."""
    with ThreadPoolExecutor(SENDERS) as senders:
        others = list(senders.map(lambda _: large.submit(media), range(LARGE)))
    own_s = small.turnarounds_s([small.submit(media) for _ in range(SMALL)])
    return statistics.mean(own_s), max(large.turnarounds_s(others))
