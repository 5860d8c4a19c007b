"""The steps of the trial, and a figure for each."""

import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure

from composed.curl import Curl, Json
from composed.engine import BASE_IMAGE, IMAGES, TAG, Composed, image_bytes, outer_environment
from ownstack.jobs import HEARD_ANEW, MIDST
from ownstack.speech import LANGUAGES, catalogue, recording
from setu_cli.commands.demo import SOURCE, TARGET

BUILD_S = 900
UP_S = 600
HEALTHY_S = 180
JOB_S = 600
MEGABYTE = 1_000_000
SMALL_MB = 400
SMALL = ("setu-gateway", "setu-translate")
STEADY = {"SETU_TRANSLATE_LLM_PARALLEL": "1"}
"""One line at a time: lines that are computed together differ in their last digits, and so now and then in a word."""

WRITTEN = ("srt", "vtt")
"""What the demo saves."""
HOW = {
    "killed": "docker compose kill -s KILL asr-worker, which Docker doesn't mend by itself, then docker compose up -d asr-worker",
    "crashed": "every process of the container killed from inside; Docker starts it again",
}


@dataclass
class Trial:
    """One trial of a project.

    Args:
        project: on this machine, with nothing of it there yet.
        folder: for the demo's data and recordings.
        figures: what was found, in order.
    """

    project: Composed
    folder: Path
    figures: list[Figure] = field(default_factory=list)

    def run(self) -> None:
        """All steps but the last, which is for whoever has ended the project."""
        curl = Curl(self.project.url)
        with self._timed("images built", goal=BUILD_S, how="docker compose build, with whatever its cache had"):
            self.project.compose("build", "--quiet", timeout_s=BUILD_S)
        expected = self._demo()
        with self._timed(
            "all healthy", goal=HEALTHY_S, how="docker compose up --wait after the build, models fetched meanwhile"
        ):
            self.project.compose("up", "--wait", "--no-build", timeout_s=UP_S)
        self._containers()
        self._same_as_demo(curl, expected)
        self._blows(curl)
        self._sizes()

    def nothing_left(self, names: Sequence[str]) -> None:
        """What was still there after ``down --volumes``."""
        how = "containers, volumes and networks of the project after docker compose down --volumes"
        self._at_most("left behind", len(names), 0, how=how)

    def _demo(self) -> dict[str, str]:
        say("the demo on this machine, for its subtitles")
        out = self.folder / "demo"
        command = [str(Path(sys.executable).with_name("setu")), "demo", "--home", str(self.folder / "home"), "--out", str(out)]
        done = subprocess.run(
            command,
            env={**outer_environment(), **STEADY},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"setu demo ended with {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
        return {path.name.split(".", 1)[1]: path.read_text("utf-8") for path in out.iterdir()}

    def _containers(self) -> None:
        containers = self.project.containers()
        own = {service: each for service, each in containers.items() if each["Config"]["Image"].startswith("setu-")}
        roots = [service for service, each in own.items() if each["Config"]["User"] in ("", "0", "root")]
        open_to = {
            f"{service} {binding['HostIp']}"
            for service, each in containers.items()
            for bindings in each["NetworkSettings"]["Ports"].values()
            for binding in bindings or []
        }
        say(f"{len(containers)} containers, published: {', '.join(sorted(open_to))}")
        self._at_most("containers run as root", len(roots), 0, how=f"of {len(own)} containers of Setu's own images")
        how = "published by another than the gateway, or beyond 127.0.0.1"
        self._at_most("ports open to others", len(open_to - {"gateway 127.0.0.1"}), 0, how=how)

    def _same_as_demo(self, curl: Curl, expected: Mapping[str, str]) -> None:
        with self._timed(
            "the demo's clip by curl", goal=JOB_S, how="from curl's POST /jobs to the job's end; the models are loaded in it"
        ):
            job = curl.ended(curl.submit(catalogue().sample(SOURCE), source=SOURCE, target=TARGET), JOB_S)
        delivered = written(curl, job)
        sys.stdout.write(delivered[f"{TARGET}.srt"])
        same_files(delivered, expected)
        self._at_most("the demo's shortcomings", len(job["degraded"]), 0, how="what the job says that it could not do as asked")
        same = [name for name, text in expected.items() if delivered.get(name) == text]
        how = f"{', '.join(sorted(expected))}: byte for byte what `setu demo` saved on this machine"
        self._all("files as make demo's", len(same), len(expected), how=how)

    def _blows(self, curl: Curl) -> None:
        media, anew = recording(self.folder, (*LANGUAGES, *LANGUAGES[:2])), f"overrides={HEARD_ANEW}"
        self._fresh_model()
        left_alone = curl.ended(curl.submit(media, anew, source=SOURCE, target=TARGET), JOB_S)
        undisturbed = written(curl, left_alone)
        for name, blow in {"killed": self._kill, "crashed": self._crash}.items():
            self._fresh_model()
            job_id = curl.submit(media, anew, source=SOURCE, target=TARGET)
            before = self._worker()
            self._until_in_the_midst(job_id)
            say(f"the asr worker is {name} in the midst of job {job_id}")
            with self._timed(f"asr worker {name}, to job's end", goal=math.inf, how=HOW[name]):
                blow()
                job = curl.ended(job_id, JOB_S)
            restarted = self._worker()["State"]["StartedAt"] > before["State"]["StartedAt"]
            alike = all(stage["run"] == 1 for stage in job["stages"]) and job["degraded"] == left_alone["degraded"]
            right = restarted and alike and same_files(written(curl, job), undisturbed) and self._lost_once(job_id)
            how = "same files as undisturbed, one loss counted, no attempt, each stage run once"
            self._all(f"asr worker {name}: ended right", right, 1, how=how)

    def _until_in_the_midst(self, job_id: str) -> None:
        """Wait until speech is being recognised; Postgres looks by itself, as a look from here takes long."""
        kind, progress = MIDST["asr"]
        row = f"SELECT FROM asr.operation WHERE job_id = '{job_id}' AND kind = '{kind}'"
        self.project.rows(
            f"""DO $$ BEGIN
                FOR look IN 1..{JOB_S * 50} LOOP
                  IF EXISTS ({row} AND state = 'running' AND progress > {progress}) THEN RETURN; END IF;
                  IF EXISTS ({row} AND ended_at IS NOT NULL) THEN RAISE EXCEPTION 'it ended without having been seen at work'; END IF;
                  PERFORM pg_sleep(0.02);
                END LOOP;
                RAISE EXCEPTION 'it has not begun';
            END $$""",
            timeout_s=JOB_S + 60,
        )

    def _fresh_model(self) -> None:
        """A language model without a memory of earlier jobs, which would change the last digits of its sums."""
        self.project.compose("restart", "llm")
        self.project.compose("up", "--wait", "--no-build", "--no-deps", "llm", timeout_s=UP_S)

    def _kill(self) -> None:
        self.project.compose("kill", "--signal", "KILL", "asr-worker")
        self.project.compose("up", "--detach", "--no-build", "asr-worker", timeout_s=UP_S)

    def _crash(self) -> None:
        self.project.compose("exec", "-T", "--detach", "asr-worker", "python", "-c", "import os; os.kill(-1, 9)")

    def _worker(self) -> Json:
        return self.project.containers()["asr-worker"]

    def _lost_once(self, job_id: str) -> bool:
        rows = self.project.rows(
            f"SELECT state, attempts, losses FROM asr.operation WHERE job_id = '{job_id}' AND kind = 'transcriptions'"
        )
        say(f"its transcription: {rows}")
        return rows == [["succeeded", "0", "1"]]

    def _sizes(self) -> None:
        base = image_bytes(BASE_IMAGE)
        for image in IMAGES:
            beyond_mb = (image_bytes(f"{image}:{TAG}") - base) / MEGABYTE
            name, how = f"image {image}", f"beyond {BASE_IMAGE}, unpacked"
            self._at_most(name, beyond_mb, SMALL_MB if image in SMALL else math.inf, unit="MB", how=how)

    @contextmanager
    def _timed(self, name: str, *, goal: float, how: str) -> Iterator[None]:
        say(name)
        began = time.monotonic()
        yield
        self._at_most(name, time.monotonic() - began, goal, unit="s", how=how)

    def _at_most(self, name: str, value: float, goal: float, *, unit: str = "", how: str) -> None:
        words = "none" if math.isinf(goal) else f"≤ {goal:g}"
        self.figures.append(Figure(figure=name, value=round(value, 1), unit=unit, goal=words, holds=value <= goal, how=how))

    def _all(self, name: str, count: int, of: int, *, how: str) -> None:
        self.figures.append(Figure(figure=name, value=count, unit=f"of {of}", goal=f"= {of}", holds=count == of, how=how))


def written(curl: Curl, job: Json) -> dict[str, str]:
    """The files that a player reads."""
    return {name: text for name, text in curl.subtitles(job).items() if name.endswith(WRITTEN)}


def same_files(delivered: Mapping[str, str], expected: Mapping[str, str]) -> bool:
    """Whether a job delivered what it should, byte for byte; if not, what differs is shown."""
    for name in sorted(expected):
        if delivered.get(name) != expected[name]:
            say(f"{name} should be\n{expected[name]}\nand is\n{delivered.get(name)}")
    return bool(expected) and delivered == expected


def say(what: str) -> None:
    """Tell whoever watches how far it is."""
    sys.stdout.write(f"compose-test: {what}\n")
    sys.stdout.flush()
