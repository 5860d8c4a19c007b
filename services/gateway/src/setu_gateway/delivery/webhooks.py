"""Telling a webhook that a job has ended: when a notice is written, what it says, how it is signed, and its sending.

The notice is an operation, inserted in the transaction that ends the job's run for good, whoever ends it. So it is neither lost
nor sent twice under two names, and a receiver that is away holds up nothing.

Source: Standard Webhooks 1.0 (payload, headers, signature).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

import structlog
from standardwebhooks import Webhook

from setu_common.contracts import Contract, JobState, LanguageCode
from setu_common.http import NameUnresolvable, OutsideClient, OutsideLimits, OutsideTooSlow, OutsideUnavailable, UrlRefused
from setu_common.operations import Ending, Statement, Work
from setu_gateway.errors import WebhookGone, WebhookNotTaken, WebhookRedirects, WebhooksNotConfigured, WebhookUrlRefused
from setu_gateway.pipeline.kinds import NOTICES, Noticed, NoticeRequest, run_of
from setu_gateway.settings import OutsideSettings

log = structlog.get_logger()

# After each attempt that failed: a minute's trouble costs seconds, an outage of half a day costs nothing.
PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 3 * 3600.0, 6 * 3600.0, 12 * 3600.0)

_WRITE: Final[LiteralString] = """
INSERT INTO operation (id, tenant, kind, queue, job_id, idempotency_key, request, request_sha256, max_attempts, timeout_s)
SELECT gen_random_uuid(), job.tenant, %(kind)s, %(queue)s, job.id, job.id || '/' || job.run || '/notice', notice.request,
       encode(sha256(convert_to(notice.request::text, 'UTF8')), 'hex'), %(max_attempts)s, %(timeout_s)s
FROM job, LATERAL (SELECT jsonb_build_object(
    'url', job.request -> 'webhook_url', 'job_id', job.id, 'run', job.run, 'state', job.state, 'ended_at', job.ended_at,
    'files', (SELECT coalesce(jsonb_agg(jsonb_build_object('language', file -> 'language', 'format', file -> 'format')), '[]')
              FROM jsonb_array_elements(job.delivered) AS file)) AS request) AS notice
WHERE job.id = %(job_id)s AND job.run = %(run)s AND job.state IN ('succeeded', 'failed', 'cancelled')
  AND job.purge_asked_at IS NULL AND job.request ->> 'webhook_url' IS NOT NULL
ON CONFLICT DO NOTHING
"""


def notice_of(ending: Ending) -> Sequence[Statement]:
    """What is written when an ``advances`` operation ends: if its job's run has ended with it, the notice of that."""
    if not ending.operation.state.ended or ending.job_id is None or ending.idempotency_key is None:
        return ()
    values = {
        "kind": NOTICES.name,
        "queue": NOTICES.queue,
        "max_attempts": NOTICES.max_attempts,
        "timeout_s": NOTICES.timeout_s,
        "job_id": ending.job_id,
        "run": run_of(ending.idempotency_key),
    }
    return [(_WRITE, values)]


class SubtitleLink(Contract):
    """Where a subtitle file is fetched."""

    language: LanguageCode
    format: str
    url: str


class JobLinks(Contract):
    """Where more is told; ``media`` is there if there are subtitles to put into it."""

    job: str
    subtitles: tuple[SubtitleLink, ...] = ()
    media: str | None = None


class EndedJob(Contract):
    """Which run of which job has ended, and how."""

    job_id: str
    run: int
    state: JobState
    links: JobLinks


class Notice(Contract):
    """What a webhook is sent: no names, no dialogue. ``timestamp`` is when the job ended, whenever this is sent."""

    type: str
    timestamp: datetime
    data: EndedJob


def notice_for(request: NoticeRequest, public_url: str) -> Notice:
    """The message of a notice.

    Args:
        request: what has ended.
        public_url: where receivers reach this gateway; if empty, links are paths.
    """
    path = f"{public_url.rstrip('/')}/jobs/{request.job_id}"
    links = tuple(
        SubtitleLink(language=file.language, format=file.format, url=f"{path}/subtitles/{file.language}.{file.format}")
        for file in request.files
    )
    return Notice(
        type=f"job.{request.state.value}",
        timestamp=request.ended_at,
        data=EndedJob(
            job_id=str(request.job_id),
            run=request.run,
            state=request.state,
            links=JobLinks(job=path, subtitles=links, media=f"{path}/media.mkv" if links else None),
        ),
    )


def message_id(request: NoticeRequest) -> str:
    """The same for every attempt, so that a receiver knows what it has seen."""
    return f"job_{request.job_id.hex}_{request.run}"


class Sender:
    """Signs a message and sends it once.

    Args:
        client: goes out, guarded.
        settings: the secret, and how long a receiver may take.
        clock: the time, in UTC.
    """

    def __init__(
        self, client: OutsideClient, settings: OutsideSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._limits = OutsideLimits(idle_s=settings.webhook_timeout_s, total_s=settings.webhook_timeout_s, redirects=0)

    async def send(self, url: str, name: str, message: Contract, attempt: int) -> Noticed:
        """Send it.

        Args:
            url: the receiver's.
            name: of the message, the same in every attempt, so that a receiver knows what it has seen.
            message: what is said.
            attempt: which one this is, from 1.

        Raises:
            WebhooksNotConfigured, WebhookUrlRefused, WebhookRedirects, WebhookGone: it is not to be sent again.
            WebhookNotTaken: it is to be sent again later.
        """
        content = message.model_dump_json(exclude_none=True)
        pause_s = PAUSES_S[min(attempt, len(PAUSES_S)) - 1]
        try:
            status = await self._client.post(url, content.encode(), self._headers(name, content), self._limits)
        except UrlRefused as error:
            raise WebhookUrlRefused(error.detail) from error
        except (NameUnresolvable, OutsideUnavailable, OutsideTooSlow) as error:
            raise WebhookNotTaken(error.detail, retry_after_s=pause_s) from error
        _judge(status, pause_s)
        log.info("webhook.taken", status=status, attempt=attempt)
        return Noticed(status=status)

    def _headers(self, name: str, content: str) -> dict[str, str]:
        secret = self._settings.webhook_secret
        if secret is None:
            raise WebhooksNotConfigured("Set SETU_GATEWAY_WEBHOOK_SECRET in all of the gateway's processes (docs/delivery.md).")
        now = self._clock()
        headers: dict[str, Any] = {  # Any: standardwebhooks' own strings
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret.get_secret_value()).sign(name, now, content),
        }
        return headers


class Notifier:
    """The handler of ``notices``. See ``Sender``."""

    def __init__(
        self, client: OutsideClient, settings: OutsideSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sender = Sender(client, settings, clock)
        self._public_url = settings.public_url

    async def __call__(self, request: NoticeRequest, work: Work) -> Noticed:
        """Send one notice.

        Raises:
            SetuError: as ``Sender.send`` does.
        """
        return await self._sender.send(request.url, message_id(request), notice_for(request, self._public_url), work.attempt)


def _judge(status: int, pause_s: float) -> None:
    """Go on only if a receiver took a notice.

    Raises:
        WebhookRedirects, WebhookGone, WebhookNotTaken: it did not.
    """
    if 200 <= status < 300:  # noqa: PLR2004  (success)
        return
    if 300 <= status < 400:  # noqa: PLR2004  (redirections)
        raise WebhookRedirects(
            f"The receiver answers {status}: notices don't follow redirections. Give the URL that it leads to."
        )
    if status == WebhookGone.status:
        raise WebhookGone("The receiver answers 410: it wants no notices any more.")
    raise WebhookNotTaken(f"The receiver answers {status}; a notice is taken with 2xx.", retry_after_s=pause_s)
