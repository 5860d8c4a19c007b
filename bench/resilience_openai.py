"""The OpenAI SDK on the faulty wire: with its own retries, with none, and with none inside the layer."""

from datetime import UTC, datetime
from typing import Final

from httpx2 import AsyncClient
from openai import DEFAULT_MAX_RETRIES, APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI, Timeout

from setu_common.http import Failed, Failure, classify, classify_status, create_client, parse_retry_after
from setu_common.testing import Answer, FaultyWire, Plan

COMPLETION: Final = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"Nous devons partir avant la pluie."}}],'
    b'"usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}}'
)


def openai_wire(plan: Plan, retry_after: str | None = None) -> FaultyWire:
    """A wire that answers chat completions."""
    return FaultyWire(plan, answer=lambda _received: Answer(COMPLETION), retry_after=retry_after)


def http_client(url: str) -> AsyncClient:
    """Kept connections without the environment's proxies."""
    return create_client(url, service_token=None, timeout_s=600.0, max_connections=400)


def sdk(http: AsyncClient, *, retries: bool) -> AsyncOpenAI:
    """The SDK, with its own retries or without any."""
    return AsyncOpenAI(
        base_url=http.base_url.join("v1"),
        api_key="none",
        http_client=http,
        timeout=Timeout(600.0, connect=5.0),
        max_retries=DEFAULT_MAX_RETRIES if retries else 0,
    )


async def ask(client: AsyncOpenAI) -> str | None:
    """One call, which is well only if there is a message in the answer."""
    answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Translate."}])
    return answer.choices[0].message.content


def classify_openai(error: BaseException) -> Failed:
    """The kinds of failure of the SDK's errors."""
    if isinstance(error, APITimeoutError):
        return Failed(Failure.TIMEOUT)
    if isinstance(error, APIConnectionError):
        return Failed(Failure.NETWORK)
    if isinstance(error, APIStatusError):
        if error.code == "insufficient_quota":
            return Failed(Failure.QUOTA)
        return classify_status(
            error.status_code, parse_retry_after(error.response.headers.get("Retry-After"), datetime.now(UTC))
        )
    if isinstance(error, APIError | ValueError | TypeError | AttributeError):  # an answer that is none
        return Failed(Failure.SERVER)
    return classify(error)
