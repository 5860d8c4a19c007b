"""What a user may wish of a job, as options."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from setu_common.contracts import Quality, Term, TranslationEngine
from setu_common.contracts.language import known_language

_LONGEST_TERM = 200


def known(code: str) -> str:
    """A language's code, if Setu knows it."""
    try:
        return known_language(code)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


SourceOption = Annotated[
    str | None, typer.Option("--source", help="The spoken language; default: it is detected.", parser=known, metavar="CODE")
]
TargetsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        help="A language to translate into; may be given several times. None: captions only.",
        parser=known,
        metavar="CODE",
    ),
]
TermsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--term",
        help="How a name or word is to be translated, as 'राज=Raj', or a file of such lines as @terms.txt; may be repeated.",
        metavar="SOURCE=TARGET",
        show_default=False,
    ),
]
RulesOption = Annotated[
    str, typer.Option("--rules", help="The delivery rules that the subtitles keep: netflix, broadcast or none.", metavar="NAME")
]
PromptOption = Annotated[
    str, typer.Option(help="Text that could have been said just before: names and terms, spelt as wanted.", show_default=False)
]
ModelOption = Annotated[
    str | None, typer.Option(help="The speech model; `setu models` lists them.", metavar="NAME", show_default=False)
]
EngineOption = Annotated[
    str | None,
    typer.Option(help="The speech engine: faster-whisper, whisperx or openai.", metavar="NAME", show_default=False),
]
TranslationEngineOption = Annotated[
    TranslationEngine | None, typer.Option(help="What translates; default: the service's choice.", show_default=False)
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Take nothing over from earlier jobs on the same recording.")]
QualityOption = Annotated[
    Quality, typer.Option(help="What you would rather have: an answer soon, few errors, or something between.")
]
NoLearnOption = Annotated[bool, typer.Option("--no-learn", help="Learn nothing from it for later jobs.")]
WebhookOption = Annotated[
    str | None, typer.Option(help="An address that is told when the job has ended.", metavar="URL", show_default=False)
]


def terms_of(given: Iterable[str]) -> tuple[Term, ...]:
    """The terms that ``--term`` names, a later one in place of an earlier one for the same words.

    Raises:
        typer.BadParameter: a line is no ``source=target``, or a file can't be read.
    """
    found: dict[str, Term] = {}
    for line in _lines(given):
        source, equals, target = (part.strip() for part in line.partition("="))
        if not equals or not source or not target or max(len(source), len(target)) > _LONGEST_TERM:
            raise typer.BadParameter(
                f"{line!r} is no term; write it as SOURCE=TARGET, each of at most {_LONGEST_TERM} characters"
            )
        found[source] = Term(source=source, target=target)
    return tuple(found.values())


def _lines(given: Iterable[str]) -> Iterator[str]:
    for each in given:
        if not each.startswith("@"):
            yield each
            continue
        try:
            text = Path(each[1:]).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"the file of terms {each[1:]!r} can't be read as UTF-8 text") from error
        yield from (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
