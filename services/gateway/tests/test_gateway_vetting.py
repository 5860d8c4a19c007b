"""The addresses that a job names, judged before it is taken."""

import pytest

from setu_common.contracts import JobRequest
from setu_common.errors import InvalidRequest, is_retryable
from setu_common.http import Guard, OutsidePolicy
from setu_common.testing.outside import RecordingResolver
from setu_gateway.errors import MediaUrlRefused, MediaUrlUnresolvable, WebhookUrlRefused, WebhookUrlUnresolvable
from setu_gateway.intake.vetting import Vetting

ADDRESSES = {"media.example": ["93.184.216.34"], "hooks.example": ["93.184.216.35"], "inner.example": ["10.0.0.1"]}
REFUSED = [
    "file:///etc/passwd",
    "talk.mp4",
    "http://127.0.0.1/",
    "http://inner.example/",
    "https://media.example:22/",
    "http://a@b/",
]


def vetting() -> tuple[Vetting, RecordingResolver]:
    resolver = RecordingResolver(ADDRESSES)
    return Vetting(Guard(OutsidePolicy(), resolver)), resolver


async def test_addresses_of_the_public_internet_pass():
    vet, _ = vetting()
    await vet(JobRequest(media_url="https://media.example/talk.mp4", webhook_url="https://hooks.example/done"))


async def test_a_request_that_names_no_address_asks_nobody():
    vet, resolver = vetting()
    await vet(JobRequest(target_languages=("en",)))
    assert resolver.asked == []


@pytest.mark.parametrize("url", REFUSED)
async def test_a_media_url_that_is_not_gone_to_is_refused(url):
    vet, _ = vetting()
    with pytest.raises(MediaUrlRefused):
        await vet(JobRequest(media_url=url))


@pytest.mark.parametrize("url", REFUSED)
async def test_a_webhook_that_is_not_called_is_refused_by_a_name_of_its_own(url):
    vet, _ = vetting()
    with pytest.raises(WebhookUrlRefused) as caught:
        await vet(JobRequest(media_url="https://media.example/", webhook_url=url))
    assert [each.field for each in caught.value.errors] == ["webhook_url"]


@pytest.mark.parametrize(("fields", "problem"), [("media_url", MediaUrlUnresolvable), ("webhook_url", WebhookUrlUnresolvable)])
async def test_a_host_that_leads_nowhere_may_be_tried_again(fields, problem):
    vet, _ = vetting()
    with pytest.raises(problem) as caught:
        await vet(JobRequest(**{fields: "https://nowhere.example/"}))
    assert is_retryable(caught.value)
    assert isinstance(caught.value, InvalidRequest)
