"""OpenAI, and every server that speaks as it does (vLLM, Ollama, llama.cpp, …), through the official SDK."""

from collections.abc import Mapping, Sequence
from typing import Final

from openai import APIError, APIStatusError, AsyncOpenAI
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from pydantic import SecretStr

from setu_common.cost import Meter, Usage
from setu_common.http import Dependency, create_client
from setu_common.llm.asking import Said
from setu_common.llm.calling import Calls, Reading, believed, input_bound
from setu_common.llm.limits import Limits
from setu_common.llm.openai_answers import DECLINED, ChatPieces, error_of, is_too_long, read_chat, read_completion
from setu_common.llm.provider import Answer, Heard, Message
from setu_common.llm.sdk_provider import AROUND_A_MESSAGE, SdkProvider, Wanted

NO_KEY: Final = "none"  # the SDK insists on one; servers without keys ignore it
MAY_NOT_BE_KNOWN: Final = frozenset({400, 422})  # what servers answer to a parameter that they don't have
REASONING_TOKENS: Final = 4000  # servers that call it so count a model's thoughts with its answer
# What a request asks for beyond messages, and what stands in where a server does not have it. Those that are more likely to be
# unknown come first: where the server does not say which one it is, they are left out one after the other.
STAND_INS: Final[Mapping[str, str | None]] = {
    "response_format": None,
    "logprobs": None,
    "stream_options": None,
    "max_tokens": "max_completion_tokens",
    "temperature": None,
    "max_completion_tokens": None,
    "stream": None,
}


class OpenAiProvider(SdkProvider):
    """A ``LlmProvider`` over ``/v1/chat/completions`` and ``/v1/completions``.

    Servers differ in the parameters that they know. What one does not know is left out, and not asked for again.

    Args:
        base_url: the server's, such as ``http://127.0.0.1:8090/v1``.
        model: what the server calls the model.
        api_key: if the server wants one.
        billed_as: what the meter calls the provider: ``own`` for a server of ours.
        dependency: the provider's, with its circuit; its name is the provider's.
        limits: the provider's.
        meter: told of each request.
        timeout_s: how long one read may take, seconds.
    """

    _used: tuple[str, ...] = ("response_format", "logprobs", "max_tokens", "temperature", "stream_options", "stream")

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        api_key: SecretStr | None,
        billed_as: str,
        dependency: Dependency,
        limits: Limits,
        meter: Meter,
        timeout_s: float = 60.0,
    ) -> None:
        http = create_client(base_url, service_token=None, timeout_s=timeout_s)
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key.get_secret_value() if api_key else NO_KEY,
            timeout=http.timeout,
            max_retries=0,
            http_client=http,
        )
        calls = Calls(billed_as=billed_as, model=model, dependency=dependency, limits=limits, meter=meter)
        super().__init__(calls, self._client.close)

    async def complete(
        self,
        prompt: str,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Answer[str]:
        """See ``LlmProvider``; ``parameters`` are more of them, which only some servers have, such as llama.cpp's ``grammar``."""
        bound = Usage(input_tokens=input_bound((prompt,), extra=AROUND_A_MESSAGE), output_tokens=max_tokens)
        extra: dict[str, object] = {**({"stop": list(stop)} if stop else {}), **(parameters or {})}

        async def once() -> Reading[Said]:
            try:
                told: Completion = await self._client.completions.create(
                    model=self.model, prompt=prompt, max_tokens=max_tokens, temperature=0, logprobs=1, extra_body=extra
                )
            except (APIError, ValueError) as error:
                raise error_of(error, self.name, self.model) from error
            return believed(read_completion(told, self.name), bound)

        said = await self._calls.make(once, bound=bound, timeout_s=timeout_s, operation="text_completion")
        return Answer(said.text, said.text, self.name, said.model, said.usage, said.finish, said.tokens)

    def _bound(self, messages: Sequence[Message], wanted: Wanted, read: int) -> Usage:  # noqa: ARG002  see SdkProvider
        return Usage(input_tokens=read, output_tokens=wanted.max_tokens + REASONING_TOKENS)

    async def _chat(self, messages: Sequence[Message], wanted: Wanted) -> Reading[Said]:
        used = self._used
        while True:
            heard = wanted.heard if self._streams and "stream" in used else None
            parameters = _parameters(wanted, streamed=heard is not None)
            said = wanted.with_words(messages, held="response_format" in used)
            try:
                extra = {name: parameters[name] for name in used if name in parameters}
                answered = await self._answer([_message(each) for each in said], extra, wanted.max_tokens, heard)
            except APIStatusError as error:
                left = _without_unknown(used, parameters, error)
                if left is None:
                    raise error_of(error, self.name, self.model) from error
                used = left
            except (APIError, ValueError) as error:
                raise error_of(error, self.name, self.model) from error
            else:
                self._used = used
                return read_chat(answered, self.name, wanted.schema)

    async def _answer(
        self, messages: list[ChatCompletionMessageParam], extra: Mapping[str, object], max_tokens: int, heard: Heard | None
    ) -> object:
        chat = self._client.chat.completions
        if heard is None:
            told: ChatCompletion = await chat.create(model=self.model, messages=messages, extra_body=extra)
            return told
        opening = chat.with_streaming_response.create(model=self.model, messages=messages, extra_body=extra)
        return await self._listen(opening, ChatPieces(self.name, self.model, max_tokens + REASONING_TOKENS), heard)


def _parameters(wanted: Wanted, *, streamed: bool) -> dict[str, object]:
    parameters: dict[str, object] = {
        "max_tokens": wanted.max_tokens,
        "max_completion_tokens": wanted.max_tokens + REASONING_TOKENS,
        "temperature": 0,
    }
    if wanted.probabilities:
        parameters["logprobs"] = True
    if streamed:
        parameters |= {"stream": True, "stream_options": {"include_usage": True}}
    if wanted.shape is not None:
        strict = {"name": wanted.name, "strict": True, "schema": dict(wanted.shape)}
        parameters["response_format"] = {"type": "json_schema", "json_schema": strict}
    return parameters


def _message(message: Message) -> ChatCompletionMessageParam:
    match message.role:
        case "system":
            return {"role": "system", "content": message.text}
        case "user":
            return {"role": "user", "content": message.text}
        case "assistant":
            return {"role": "assistant", "content": message.text}


def _without_unknown(used: tuple[str, ...], parameters: Mapping[str, object], error: APIStatusError) -> tuple[str, ...] | None:
    """The parameters without the one that the server names, or else without the first; None if they are not what it refuses."""
    sent = tuple(name for name in used if name in parameters)
    if error.status_code not in MAY_NOT_BE_KNOWN or not sent or is_too_long(error):
        return None
    told = f"{error.param} {error.message}"
    named = [name for name in sent if name in told]
    if not named and error.code in DECLINED:
        return None
    unknown = named[0] if named else min(sent, key=list(STAND_INS).index)
    stand_in = STAND_INS[unknown]
    return tuple(name for name in used if name != unknown) + ((stand_in,) if stand_in else ())
