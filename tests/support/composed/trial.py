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
LEAVES_S = 20
MEGABYTE = 1_000_000
SMALL_MB = 400
SMALL = ("setu-gateway", "setu-translate", "setu-enhancer", "setu-optimizer", "setu-metrics")
AT_ONCE = 2
"""Jobs under way while containers are restarted."""
WORKERS = 3
SETTINGS = {
    "SETU_LLAMA_REPEATABLE": "true",
    "SETU_TRANSLATE_LLM_PARALLEL": "1",
    # A worker that leaves hands back what it holds, and does not first hear it to its end.
    "SETU_OPERATIONS_SHUTDOWN_GRACE_S": "1",
}
"""Of the project and of the demo: the same line has the same translation, whatever came before it."""

WRITTEN = ("srt", "vtt")
"""What the demo saves."""
HOW = {
    "asr worker killed": "docker compose kill -s KILL asr-worker, which Docker doesn't mend by itself, then docker compose up -d asr-worker",
    "asr worker crashed": "every process of the container killed from inside; Docker starts it again",
    "redis killed": "docker compose kill -s KILL redis, then docker compose up -d redis: it keeps nothing, and is empty then",
}


@dataclass(frozen=True)
class Done:
    """What a job comes to.

    Args:
        files: what a player reads, by language and format.
        degraded: what it says that it could not do as asked.
    """

    files: Mapping[str, str]
    degraded: Sequence[Json]


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
        curl, began = Curl(self.project.url), time.monotonic()
        with self._timed("images built", goal=BUILD_S, how="docker compose build, with whatever its cache had"):
            self.project.compose("build", "--quiet", timeout_s=BUILD_S)
        expected = self._demo()
        with self._timed(
            "all healthy", goal=HEALTHY_S, how="docker compose up --wait after the build, models fetched meanwhile"
        ):
            self.project.compose("up", "--wait", "--no-build", timeout_s=UP_S)
        self._containers()
        self._same_as_demo(curl, expected)
        media = recording(self.folder, (*LANGUAGES, *LANGUAGES[:2]))
        undisturbed = self._undisturbed(curl, media)
        self._blows(curl, media, undisturbed)
        self._scaled(curl, media, undisturbed)
        self._restarted(curl, expected)
        self._sizes()
        how = "from the first build to here, the demo in it"
        self._at_most("all of it", time.monotonic() - began, math.inf, unit="s", how=how)

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
            env={**outer_environment(), **SETTINGS},
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
        roots += self.project.run_by_root()
        open_to = {
            f"{service} {binding['HostIp']}"
            for service, each in containers.items()
            for bindings in each["NetworkSettings"]["Ports"].values()
            for binding in bindings or []
        }
        writable = [service for service, each in containers.items() if not each["HostConfig"]["ReadonlyRootfs"]]
        limits = ("Memory", "PidsLimit")
        boundless = [service for service, each in containers.items() if not all(each["HostConfig"][limit] for limit in limits)]
        words = self.project.secrets()
        telling = [service for service, each in containers.items() if any(word in str(each) for word in words)]
        say(f"{len(containers)} containers, published: {', '.join(sorted(open_to))}")
        of = f"of {len(containers)} containers"
        how = f"of {len(own)} containers of Setu's own images, by their user; of all that run, by that of their processes"
        self._at_most("containers run as root", len(roots), 0, how=how)
        self._at_most("containers with a root that can be written to", len(writable), 0, how=of)
        self._at_most("containers without bounds", len(boundless), 0, how=f"{of}: of memory, and of processes")
        self._at_most(
            "containers that tell secrets", len(telling), 0, how=f"{of}: docker inspect shows one of the {len(words)} passwords"
        )
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

    def _undisturbed(self, curl: Curl, media: Path) -> Done:
        """What comes of a recording that takes seconds, left alone."""
        job = curl.ended(self._submit(curl, media), JOB_S)
        return Done(written(curl, job), job["degraded"])

    def _submit(self, curl: Curl, media: Path) -> str:
        return curl.insisted(media, f"overrides={HEARD_ANEW}", source=SOURCE, target=TARGET, within_s=JOB_S)

    def _right(self, curl: Curl, job_id: str, expected: Done) -> bool:
        """Wait for a job's end; whether all came as it should, and each stage ran once."""
        job = curl.ended(job_id, JOB_S)
        alike = all(stage["run"] == 1 for stage in job["stages"]) and job["degraded"] == expected.degraded
        return same_files(written(curl, job), expected.files) and alike

    def _blows(self, curl: Curl, media: Path, undisturbed: Done) -> None:
        blows = {
            "asr worker killed": ("asr-worker", self._kill, 1),
            "asr worker crashed": ("asr-worker", self._crash, 1),
            "redis killed": ("redis", self._kill, 0),
        }
        for name, (service, blow, losses) in blows.items():
            job_id = self._submit(curl, media)
            before = self.project.containers()[service]["State"]["StartedAt"]
            self._until_in_the_midst([job_id])
            say(f"{name} in the midst of job {job_id}")
            with self._timed(f"{name}, to job's end", goal=math.inf, how=HOW[name]):
                blow(service)
                right = self._right(curl, job_id, undisturbed)
            restarted = self.project.containers()[service]["State"]["StartedAt"] > before
            counted = self._transcriptions([job_id]) == [("succeeded", 0, losses)]
            how = f"same files as undisturbed, each stage run once, no attempt counted, losses: {losses}"
            self._all(f"{name}: ended right", restarted and right and counted, 1, how=how)

    def _scaled(self, curl: Curl, media: Path, undisturbed: Done) -> None:
        scale = ("up", "--detach", "--no-build", "--no-deps", "--no-recreate", "--scale")
        with self._timed(
            f"asr workers, 1 to {WORKERS}", goal=HEALTHY_S, how=f"docker compose up --scale asr-worker={WORKERS}, to healthy"
        ):
            self.project.compose(*scale, f"asr-worker={WORKERS}", "asr-worker", timeout_s=UP_S)
            self.project.until_healthy("asr-worker", count=WORKERS, within_s=HEALTHY_S)
        job_ids = [self._submit(curl, media) for _ in range(WORKERS)]
        self._until_in_the_midst(job_ids)
        how = (
            f"docker compose up --scale asr-worker=1 while each of {WORKERS} recognises speech; Docker kills after {LEAVES_S} s"
        )
        with self._timed(f"asr workers, {WORKERS} to 1", goal=LEAVES_S, how=how):
            self.project.compose(*scale, "asr-worker=1", "asr-worker", timeout_s=UP_S)
        self.project.until_healthy("asr-worker")
        right = [self._right(curl, job_id, undisturbed) for job_id in job_ids]
        rows = self._transcriptions(job_ids)
        self._all(
            "jobs of leaving workers: ended right",
            sum(right),
            len(job_ids),
            how="same files as undisturbed, each stage run once",
        )
        handed_back = self._handed_back(job_ids)
        how = "of transcriptions, claimed once more without a loss or an attempt counted"
        self._all("handed back by leaving workers", handed_back, WORKERS - 1, how=how)
        lost = sum(attempts + losses for _, attempts, losses in rows)
        self._at_most("lost by leaving workers", lost, 0, how="losses and attempts that their transcriptions count")

    def _restarted(self, curl: Curl, expected: Mapping[str, str]) -> None:
        """Every container that stays, one after the other, with jobs under way all the time."""
        media, as_demo = catalogue().sample(SOURCE), Done(expected, [])
        staying = [
            name for name, each in self.project.containers().items() if each["HostConfig"]["RestartPolicy"]["Name"] != "no"
        ]
        before = self.project.containers()
        job_ids: list[str] = []
        took_s = {}
        with self._timed(
            "all restarted, to the last job's end", goal=math.inf, how=f"docker compose restart of {len(staying)}, one by one"
        ):
            for service in staying:
                while self._under_way(job_ids) < AT_ONCE:
                    job_ids.append(self._submit(curl, media))
                began = time.monotonic()
                self.project.compose("restart", service, timeout_s=UP_S)
                self.project.until_healthy(service)
                took_s[service] = time.monotonic() - began
            right = [self._right(curl, job_id, as_demo) for job_id in job_ids]
        say("restarted: " + ", ".join(f"{service} {took:.1f} s" for service, took in took_s.items()))
        after = self.project.containers()
        anew = [name for name in staying if after[name]["State"]["StartedAt"] > before[name]["State"]["StartedAt"]]
        self._all(
            "containers restarted under jobs",
            len(anew),
            len(staying),
            how=f"each healthy before the next, {AT_ONCE} jobs under way",
        )
        self._at_most(
            "the slowest restart", max(took_s.values()), HEALTHY_S, unit="s", how="from docker compose restart to healthy"
        )
        how = "byte for byte what `setu demo` saved on this machine, nothing degraded, each stage run once"
        self._all("jobs under restarts: ended right", sum(right), len(job_ids), how=how)

    def _under_way(self, job_ids: Sequence[str]) -> int:
        query = f"SELECT count(*) FROM gateway.job WHERE ended_at IS NULL AND id IN ({listed(job_ids)})"
        return int(self.project.rows(query)[0][0]) if job_ids else 0

    def _until_in_the_midst(self, job_ids: Sequence[str]) -> None:
        """Wait until speech is being recognised for all of some jobs; Postgres looks by itself, as a look from here takes long."""
        kind, progress = MIDST["asr"]
        row = f"FROM asr.operation WHERE job_id IN ({listed(job_ids)}) AND kind = '{kind}'"
        self.project.rows(
            f"""DO $$ BEGIN
                FOR look IN 1..{JOB_S * 50} LOOP
                  IF (SELECT count(*) {row} AND state = 'running' AND progress > {progress}) = {len(job_ids)} THEN RETURN; END IF;
                  IF EXISTS (SELECT {row} AND ended_at IS NOT NULL) THEN RAISE EXCEPTION 'one ended without having been seen at work'; END IF;
                  PERFORM pg_sleep(0.02);
                END LOOP;
                RAISE EXCEPTION 'they have not begun';
            END $$""",
            timeout_s=JOB_S + 60,
        )

    def _kill(self, service: str) -> None:
        self.project.compose("kill", "--signal", "KILL", service)
        self.project.compose("up", "--detach", "--no-build", service, timeout_s=UP_S)

    def _crash(self, service: str) -> None:
        self.project.compose("exec", "-T", "--detach", service, "python", "-c", "import os; os.kill(-1, 9)")

    def _transcriptions(self, job_ids: Sequence[str]) -> list[tuple[str, int, int]]:
        """State, attempts and losses of the transcriptions of some jobs."""
        rows = self.project.rows(
            f"SELECT state, attempts, losses FROM asr.operation WHERE job_id IN ({listed(job_ids)}) AND kind = 'transcriptions'"
        )
        say(f"transcriptions: {rows}")
        return [(state, int(attempts), int(losses)) for state, attempts, losses in rows]

    def _handed_back(self, job_ids: Sequence[str]) -> int:
        (row,) = self.project.rows(
            f"SELECT count(*) FROM asr.operation WHERE job_id IN ({listed(job_ids)}) AND kind = 'transcriptions' AND token > 1 AND losses + attempts = 0"
        )
        return int(row[0])

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


def listed(job_ids: Sequence[str]) -> str:
    """For SQL; the ids come from the gateway itself."""
    return ", ".join(f"'{job_id}'" for job_id in job_ids)


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
