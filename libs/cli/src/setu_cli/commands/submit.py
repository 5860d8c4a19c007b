"""``setu submit``."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from setu_cli.commands.errand import INTERRUPTED, Errand
from setu_cli.commands.estimating import show_estimates
from setu_cli.commands.gateway import Format, Target, UrlOption
from setu_cli.commands.money import BudgetOption, amount
from setu_cli.commands.options import HomeOption
from setu_cli.commands.wishes import (
    EngineOption,
    FreshOption,
    ModelOption,
    NoLearnOption,
    PromptOption,
    QualityOption,
    RulesOption,
    SourceOption,
    TargetsOption,
    TermsOption,
    TranslationEngineOption,
    WebhookOption,
    terms_of,
)
from setu_cli.console import ERR, OUT
from setu_common.contracts import AsrOverrides, Context, JobRequest, Overrides
from setu_common.errors import SetuError

OutOption = Annotated[Path, typer.Option("--out", help="The folder that subtitles are saved in.", file_okay=False)]
FormatsOption = Annotated[
    list[Format] | None,
    typer.Option("--format", help="What is saved; may be given several times. Default: srt and vtt.", show_default=False),
]


def submit(
    media: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Video or audio files, or addresses (https://…) to fetch them from.")
    ],
    *,
    to: TargetsOption = None,
    source: SourceOption = None,
    terms: TermsOption = None,
    rules: RulesOption = "netflix",
    prompt: PromptOption = "",
    model: ModelOption = None,
    engine: EngineOption = None,
    translation_engine: TranslationEngineOption = None,
    quality: QualityOption = "balanced",
    fresh: FreshOption = False,
    no_learn: NoLearnOption = False,
    webhook: WebhookOption = None,
    out: OutOption = Path(),
    formats: FormatsOption = None,
    url: UrlOption = None,
    home: HomeOption = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would take and cost, and submit nothing.")] = False,
    budget: BudgetOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Print the jobs' ids and return.")] = False,
) -> None:
    """Send media and save subtitles, in the spoken language and in those asked for. Several files become a job each."""
    sources = _sources(media)
    request = JobRequest(
        source_language=source,
        target_languages=tuple(dict.fromkeys(to or ())),
        context=Context(terms=terms_of(terms or ())),
        overrides=Overrides(
            asr=AsrOverrides(engine=engine, model=model, prompt=prompt),
            translation_engine=translation_engine,
            reuse=not fresh,
            learn=not no_learn,
        ),
        quality=quality,
        subtitle_profile=rules,
        webhook_url=webhook,
        budget_usd=amount(budget) if budget is not None else None,
    )
    target = Target.chosen(url, home)
    if estimate:
        show_estimates(target, sources, request)
        return
    errands = [Errand(target, out, tuple(formats or ())) for _ in sources]
    failed = 0
    for step in ("send", *(() if no_wait else ("follow",))):
        for each, errand in zip(sources, errands, strict=True):
            failed += not _done(step, errand, each, request, several=len(sources) > 1)
    if no_wait:
        for errand in errands:
            if errand.job_id is not None:
                OUT.print(str(errand.job_id))
    if failed:
        raise typer.Exit(1)


def _done(step: str, errand: Errand, source: Path | str, request: JobRequest, *, several: bool) -> bool:
    """Do one step for one file. With several files one that fails holds up no other: it is told, and False is returned."""
    try:
        if step == "send":
            errand.run(errand.submitted(source, request))
        elif errand.job_id is not None:
            errand.run(errand.followed())
    except SetuError as error:
        if not several:
            raise
        ERR.print(f"[bold red]setu:[/] {escape(str(source))}: {escape(error.detail)}", soft_wrap=True)
        return False
    except typer.Exit as interruption:
        if several and interruption.exit_code == INTERRUPTED:
            ERR.print(f"The jobs that were sent before go on as well: [bold]setu jobs{errand.target.options}[/]")
        raise
    return True


def _sources(media: Sequence[str]) -> list[Path | str]:
    """The files as paths, addresses as they are.

    Raises:
        typer.BadParameter: a file is not there, or two would give subtitles of the same name.
    """
    sources: list[Path | str] = [each if each.startswith(("http://", "https://")) else Path(each) for each in media]
    for each in sources:
        if isinstance(each, Path) and not each.is_file():
            raise typer.BadParameter(f"there is no file {str(each)!r}")
    stems = [each.stem for each in sources if isinstance(each, Path)]
    twice = [stem for stem in stems if stems.count(stem) > 1]
    if twice:
        raise typer.BadParameter(
            f"two files are named {shlex.quote(twice[0])}, and so would be their subtitles; send them one by one, with another --out"
        )
    return sources
