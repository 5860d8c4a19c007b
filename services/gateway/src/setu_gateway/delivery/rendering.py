"""The handler of ``renderings``: from a transcript, or its translation, to the files that callers fetch."""

from typing import Final

from setu_common.contracts import Transcript, TranslatedTranscript
from setu_common.operations import Work
from setu_common.store import Store
from setu_common.subtitles import MEDIA_TYPES, TranslationMismatch, cues_of, render
from setu_gateway.delivery.document import document_of
from setu_gateway.pipeline.kinds import RenderedFile, Rendering, RenderingRequest

JSON_MEDIA_TYPE: Final = "application/json"
FORMATS: Final = (*MEDIA_TYPES, "json")


class Renderer:
    """Renders subtitles.

    Args:
        store: the gateway's; the files are written to it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, request: RenderingRequest, work: Work) -> Rendering:
        """Render one language.

        Raises:
            TranslationMismatch: the translation is not of this transcript, or not in this language.
            ObjectMissing: transcript or translation are not in the store any more.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        translated = await self._store.load(request.translated, TranslatedTranscript) if request.translated else None
        check_languages(request.language, transcript, translated)
        contents = await work.in_thread(rendered, transcript, translated)
        files = [
            RenderedFile(format=name, reference=await self._store.put(work.tenant, content, media_type))
            for name, media_type, content in contents
        ]
        return Rendering(language=request.language, cue_count=len(transcript.segments), files=tuple(files))


def rendered(transcript: Transcript, translated: TranslatedTranscript | None) -> list[tuple[str, str, bytes]]:
    """The files of one language: format, media type and content each.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    cues = cues_of(transcript, translated)
    files: list[tuple[str, str, bytes]] = [
        (name, f"{media_type}; charset=utf-8", render(cues, name).encode()) for name, media_type in MEDIA_TYPES.items()
    ]
    files.append(("json", JSON_MEDIA_TYPE, document_of(transcript, translated).model_dump_json().encode()))
    return files


def check_languages(language: str, transcript: Transcript, translated: TranslatedTranscript | None) -> None:
    """Check that what is to be rendered is in the language that it is to be delivered as.

    Raises:
        TranslationMismatch: it is not.
    """
    found = translated.target_language if translated else transcript.language
    if found != language or (translated and translated.source_language != transcript.language):
        raise TranslationMismatch(f"The text is in {found!r} and was asked for in {language!r}; run the stage before again.")
