"""Jobs over HTTP as README shows them: with nothing but curl."""

import json
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]  # Any: JSON
LOOK_EVERY_S = 0.1


class Unanswered(RuntimeError):
    """There was no answer, or one that was no success."""


@dataclass(frozen=True)
class Curl:
    """Someone with curl.

    Args:
        url: the gateway's.
    """

    url: str

    def __call__(self, path: str, *options: str, timeout_s: float = 30) -> str:
        """One request; the answer's body. Anything but a success is an error."""
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--max-time",
            str(timeout_s),
            *options,
            self.url + path,
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise Unanswered(
                f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr).decode()[-2000:]}"
            )
        return done.stdout.decode()

    def submit(self, media: Path, *wishes: str, source: str, target: str) -> str:
        """Send a recording, and further fields of the form; the job's id."""
        form = (f"source_language={source}", f"target_languages={target}", *wishes, f"media=@{media}")
        job_id: str = json.loads(self("/jobs", *(word for field in form for word in ("-F", field))))["id"]
        return job_id

    def insisted(self, media: Path, *wishes: str, source: str, target: str, within_s: float) -> str:
        """The same, again and again while the gateway is away or has no database."""
        give_up_at = time.monotonic() + within_s
        while True:
            try:
                return self.submit(media, *wishes, source=source, target=target)
            except Unanswered:
                if time.monotonic() > give_up_at:
                    raise
            time.sleep(LOOK_EVERY_S)

    def job(self, job_id: str) -> Json:
        """The job as it is now."""
        job: Json = json.loads(self(f"/jobs/{job_id}"))
        return job

    def ended(self, job_id: str, within_s: float) -> Json:
        """The job once it has ended, well, whatever is away meanwhile.

        Raises:
            RuntimeError: it ended otherwise.
            TimeoutError: it has not ended in time.
        """
        give_up_at = time.monotonic() + within_s
        job: Json = {}
        while job.get("ended_at") is None:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"after {within_s:.0f} s job {job_id} is still\n{json.dumps(job, indent=1)}")
            time.sleep(LOOK_EVERY_S)
            with suppress(Unanswered):
                job = self.job(job_id)
        if job["state"] != "succeeded":
            raise RuntimeError(f"job {job_id} did not end well:\n{json.dumps(job, indent=1)}")
        return job

    def subtitles(self, job: Json) -> dict[str, str]:
        """Every file that a job delivers, by ``language.format``."""
        return {file["url"].rpartition("/")[2]: self(file["url"]) for file in job["deliverables"]}
