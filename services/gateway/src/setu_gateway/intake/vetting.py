"""The addresses that a job names are judged before it is taken: whoever asks hears at once what would fail later."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from setu_common.contracts import FieldProblem, JobRequest
from setu_common.http import Guard, NameUnresolvable, UrlRefused
from setu_gateway.errors import WebhooksNotConfigured, WebhookUrlRefused, WebhookUrlUnresolvable
from setu_gateway.intake.fetching import told_of_media

# Raises the SetuError that tells why a job can't be taken.
Vet = Callable[[JobRequest], Awaitable[None]]


class Vetting:
    """Judges a request's addresses. They are judged again when they are gone to.

    Args:
        guard: knows where one may go.
        signs: whether this gateway has a secret to sign notices with.
    """

    def __init__(self, guard: Guard, *, signs: bool = True) -> None:
        self._guard = guard
        self._signs = signs

    async def __call__(self, request: JobRequest) -> None:
        """Go on only if all addresses may be gone to.

        Raises:
            MediaUrlRefused, MediaUrlUnresolvable: that of the recording is not.
            WebhookUrlRefused, WebhookUrlUnresolvable: that of the webhook is not.
            WebhooksNotConfigured: no webhook can be told, wherever it is.
        """
        if request.media_url is not None:
            with told_of_media():
                await self._guard.check(request.media_url)
        if request.webhook_url is not None:
            await self.webhook(request.webhook_url)

    async def webhook(self, url: str, field: str = "webhook_url") -> None:
        """Go on only if a webhook may be told.

        Args:
            url: where it is.
            field: of the request that names it.

        Raises:
            WebhookUrlRefused, WebhookUrlUnresolvable, WebhooksNotConfigured: it can't.
        """
        with told_of_webhook(field):
            await self._guard.check(url)
        if not self._signs:
            told = (
                f"This gateway has no secret to sign notices with. Leave {field} out, or have its operator set "
                "SETU_GATEWAY_WEBHOOK_SECRET (docs/delivery.md says how)."
            )
            raise WebhooksNotConfigured(told, errors=[FieldProblem(field=field, message=told)])


@contextmanager
def told_of_webhook(field: str = "webhook_url") -> Iterator[None]:
    """Tell why an address is not gone to as what is wrong with a webhook's.

    Raises:
        SetuError: by name.
    """
    try:
        yield
    except UrlRefused as error:
        raise WebhookUrlRefused(error.detail, errors=[FieldProblem(field=field, message=error.detail)]) from error
    except NameUnresolvable as error:
        raise WebhookUrlUnresolvable(error.detail, errors=[FieldProblem(field=field, message=error.detail)]) from error
