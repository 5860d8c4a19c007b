"""The handler of ``renderings``: from a transcript, or its translation, to the files that callers fetch."""

from typing import Final, NamedTuple

from setu_common.contracts import Transcript, TranslatedTranscript
from setu_common.operations import Work
from setu_common.store import Store
from setu_common.subtitles import (
    MEDIA_TYPES,
    Profile,
    TranslationMismatch,
    profile_named,
    render,
    segmented,
    violations,
)
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
            UnknownProfile: there is no such delivery profile.
            ObjectMissing: transcript or translation are not in the store any more.
        """
        profile = profile_named(request.profile)
        transcript = await self._store.load(request.transcript, Transcript)
        translated = await self._store.load(request.translated, TranslatedTranscript) if request.translated else None
        check_languages(request.language, transcript, translated)
        made = await work.in_thread(rendered, transcript, translated, profile)
        files = [
            RenderedFile(format=name, reference=await self._store.put(work.tenant, content, media_type))
            for name, media_type, content in made.files
        ]
        return Rendering(
            language=request.language, cue_count=made.cue_count, violation_count=made.violation_count, files=tuple(files)
        )


class Rendered(NamedTuple):
    """The files of one language: format, media type and content each; and what one wants to know of them."""

    files: list[tuple[str, str, bytes]]
    cue_count: int
    violation_count: int


def rendered(transcript: Transcript, translated: TranslatedTranscript | None, profile: Profile) -> Rendered:
    """Cut a transcript, or its translation, into cues by a profile's rules, and write them down in every format.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    language = translated.target_language if translated else transcript.language
    cues = segmented(transcript, translated, profile)
    broken = violations(cues, profile, language)
    files: list[tuple[str, str, bytes]] = [
        (name, f"{media_type}; charset=utf-8", render(cues, name, language).encode())
        for name, media_type in MEDIA_TYPES.items()
    ]
    document = document_of(transcript, translated, profile, cues, broken)
    files.append(("json", JSON_MEDIA_TYPE, document.model_dump_json().encode()))
    return Rendered(files, len(cues), len(broken))


def check_languages(language: str, transcript: Transcript, translated: TranslatedTranscript | None) -> None:
    """Check that what is to be rendered is in the language that it is to be delivered as.

    Raises:
        TranslationMismatch: it is not.
    """
    found = translated.target_language if translated else transcript.language
    if found != language or (translated and translated.source_language != transcript.language):
        raise TranslationMismatch(f"The text is in {found!r} and was asked for in {language!r}; run the stage before again.")
