"""A server of an instruct model that says whatever a test wants, behind a real socket."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from setu_translate.engines.translator import Rendering

Lines = dict[int, str]
Body = dict[str, Any]  # Any: JSON
Reply = Callable[[Lines, Body], object]

SCENE = {
    "Où étais-tu passé hier soir ?": "Where did you get to last night?",
    "J'étais chez ma sœur, elle est malade.": "I was at my sister's, she is ill.",
    "Tu aurais pu me prévenir.": "You could have told me.",
    "Mon téléphone n'avait plus de batterie.": "My phone had run out of battery.",
    "C'est toujours la même histoire avec toi.": "It's always the same story with you.",
    "Calme-toi, les voisins nous entendent.": "Calm down, the neighbours can hear us.",
    "Qu'ils écoutent, je n'ai rien à cacher.": "Let them listen, I have nothing to hide.",
    "Alors dis-moi où est passé l'argent.": "Then tell me where the money has gone.",
    "Je l'ai donné au docteur.": "I gave it to the doctor.",
    "Combien lui devais-tu exactement ?": "How much exactly did you owe him?",
    "Plus que tu ne pourrais jamais payer.": "More than you could ever pay.",
    "Attends, quelqu'un frappe à la porte.": "Wait, somebody is knocking at the door.",
}


def chat_body(
    content: str | None, *, finish: str = "stop", logprobs: object = None, refusal: str | None = None
) -> dict[str, object]:
    """A body as OpenAI's chat completions have it."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def reply_of(pairs: Iterable[tuple[object, object]]) -> str:
    """What a model replies that is asked for numbered lines."""
    return json.dumps({"lines": [{"id": number, "text": text} for number, text in pairs]}, ensure_ascii=False)


def right(lines: Lines, _: Body) -> str:
    """The right translation of each line, or the line in capitals."""
    return reply_of((number, SCENE.get(text, text.upper())) for number, text in lines.items())


class FakeInstruct:
    """``reply`` gets the lines that are asked for, by number, and the whole request; a string is a reply's content."""

    def __init__(self) -> None:
        self.reply: Reply = right
        self.requests: list[Body] = []
        self.asked: list[list[int]] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.arrived = asyncio.Event()

    @property
    def app(self) -> FastAPI:
        """The server."""
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def _chat(request: Request) -> Response:
            body = await request.json()
            document = json.loads(body["messages"][1]["content"])
            lines = {entry["id"]: entry["text"] for entry in document["lines"]}
            self.requests.append(body)
            self.asked.append(list(lines))
            self.arrived.set()
            await self.hold.wait()
            answer = self.reply(lines, body)
            if isinstance(answer, str):
                answer = chat_body(answer)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return app


def once(first: Reply, then: Reply | None = None) -> Reply:
    """A reply to the first request, and the right one, or another, to all later ones."""
    calls = iter([first])

    def reply(lines: Lines, body: Body) -> object:
        return next(calls, then or right)(lines, body)

    return reply


def texts_of(renderings: Iterable[Rendering]) -> list[str]:
    """What lines became, in their order."""
    return [rendering.text for rendering in renderings]
