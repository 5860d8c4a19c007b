"""A job's report as someone would tell it who has looked at it."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from setu_common.contracts.performance import JobOutcome, JobPerformance, JobReport
from setu_metrics.reports import wording
from setu_metrics.reports.spans import Span, only_waited_s, spans_of, worked_s

WIDTH: Final = 90
MOST_ROWS: Final = 200
_NOTABLE_S: Final = 1.0
_NOTABLE_SHARE: Final = 0.05


def explanation(report: JobReport) -> str:
    """Plain text: how it went, what held it up, what to do, and all attempts."""
    performance = report.performance
    heads = {
        f"Job {performance.job_id}": summary(report),
        "What held it up": held_up(performance),
        "What would make it faster": advice(performance),
    }
    parts = [_section(title, sentences) for title, sentences in heads.items()]
    if performance.stages:
        parts.append(_underlined("Where the time went") + "\n".join(_table(performance)))
    return "\n\n".join(parts) + "\n"


def summary(report: JobReport) -> tuple[str, ...]:
    """How the job went: time, waiting, money, quality."""
    performance, cost = report.performance, report.cost
    if not performance.stages:
        told = [f"{_ending(report.outcome)} No attempt of it was measured, or what was is forgotten by now."]
    else:
        told = [f"{_ending(report.outcome)} {_pace(performance)}", *_clock(performance)]
    if cost.calls or report.outcome is not None:
        calls = f" ({wording.count(cost.calls, 'call', 'calls')}, {cost.cached:,} of them spared)" if cost.calls else ""
        told.append(" ".join((f"It cost {wording.usd(cost.usd)}{calls}.", *wording.reservations(cost))))
    told += _quality(report.outcome)
    return tuple(told)


def held_up(performance: JobPerformance) -> tuple[str, ...]:
    """What took longest, and what took longer than usual."""
    if performance.bottlenecks:
        return tuple(each.detail for each in performance.bottlenecks)
    if not performance.stages:
        return ("Nothing is known.",)
    return ("Nothing stands out: no stage took over a fifth of the work, and none longer than it usually does.",)


def advice(performance: JobPerformance) -> tuple[str, ...]:
    """What to do, what saves most first."""
    told = [
        each.detail + (f" That would save {wording.time(each.saves_s)} at most." if each.saves_s else "")
        for each in performance.recommendations
    ]
    if told:
        return tuple(told)
    if not performance.stages:
        return ("Nothing is known.",)
    return ("Nothing that a setting would mend: it took the time that its work takes here.",)


def alternative(performance: JobPerformance) -> str:
    """The timeline in a sentence, for who can't see it."""
    spans = spans_of(performance)
    if not spans:
        return "Timeline: nothing was measured."
    most = max(spans, key=lambda span: span.attempt.wall_s)
    return (
        f"Timeline of {wording.count(len(spans), 'attempt', 'attempts')} over {wording.time(performance.duration_s)}. The longest, "
        f"{called(most)}, took {wording.time(most.attempt.wall_s)}."
    )


def called(span: Span) -> str:
    """What an attempt was at."""
    return wording.name(span.attempt.stage, span.attempt.target, span.attempt.attempt)


def _ending(outcome: JobOutcome | None) -> str:
    if outcome is None:
        return "The job has not ended: this is what is known so far."
    if outcome.state == "succeeded":
        return "The job succeeded, though not with all that was asked for." if outcome.degraded else "The job succeeded."
    if outcome.state == "cancelled":
        return "The job was cancelled."
    return f"The job failed ({outcome.problem})." if outcome.problem else "The job failed."


def _pace(performance: JobPerformance) -> str:
    took = wording.time(performance.duration_s)
    if not performance.audio_s or not performance.duration_s:
        return f"It took {took}."
    factor = performance.audio_s / performance.duration_s
    pace = f"{factor:.1f} times as fast as it plays" if factor >= 1 else f"{1 / factor:.1f} times as long as it plays"
    return f"Its recording of {wording.time(performance.audio_s)} took {took}, {pace}."


def _clock(performance: JobPerformance) -> Iterator[str]:
    """How its time divides, wherever that says something."""
    spans = spans_of(performance)
    worked, waited = worked_s(spans), only_waited_s(spans)
    idle = max(0.0, performance.duration_s - worked - waited)
    told = f"Attempts worked {wording.time(performance.work_s)} in all"
    if performance.work_s > worked + _NOTABLE_S:
        told += f", within {wording.time(worked)} since some ran beside others"
    told += f", and took {wording.time(performance.cpu_s)} of processors."
    yield told
    if _notable(waited, performance):
        yield f"For {wording.time(waited)} all of it waited for a worker, {_of_all(waited, performance)}."
    if _notable(idle, performance):
        yield (
            f"For {wording.time(idle)}, {_of_all(idle, performance)}, it neither worked nor waited for a worker: between stages the "
            "gateway looks at what has ended, and attempts that failed pause before they are made again."
        )
    vain = [each for each in performance.stages if each.outcome != "succeeded"]
    if vain:
        yield (
            f"{wording.count(len(vain), 'attempt', 'attempts')} of {len(performance.stages)} gave nothing and took "
            f"{wording.time(sum(each.wall_s for each in vain))}."
        )


def _notable(seconds: float, performance: JobPerformance) -> bool:
    return seconds >= _NOTABLE_S and seconds >= _NOTABLE_SHARE * performance.duration_s


def _of_all(seconds: float, performance: JobPerformance) -> str:
    return f"{wording.share(seconds / performance.duration_s)} of its time"


def _quality(outcome: JobOutcome | None) -> Iterator[str]:
    for each in outcome.targets if outcome is not None else ():
        told = f"Into {each.target}: {wording.count(each.lines, 'line', 'lines')}, {each.edited:,} of them edited"
        if each.score_before is not None and each.score_after is not None:
            told += f"; its score went from {each.score_before:.1f} to {each.score_after:.1f} of 100"
        elif each.score_before is not None:
            told += f"; its score is {each.score_before:.1f} of 100"
        yield told + "."


def _section(title: str, sentences: Sequence[str]) -> str:
    return _underlined(title) + "\n\n".join(textwrap.fill(each, WIDTH) for each in sentences)


def _underlined(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n\n"


def _table(performance: JobPerformance) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("", "began", "waited", "worked", "of the work", "processor", "")]
    spans = spans_of(performance)
    rows += [_row(span, performance.work_s) for span in spans[:MOST_ROWS]]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)),
            row[-1],
        ]
        yield "  ".join(cells).rstrip()
    if len(spans) > MOST_ROWS:
        yield f"… and {len(spans) - MOST_ROWS} more; the report in JSON has them all."


def _row(span: Span, work_s: float) -> tuple[str, ...]:
    attempt = span.attempt
    part = attempt.wall_s / work_s if work_s else 0.0
    processor = wording.time(attempt.cpu_s) if attempt.cpu_s is not None else "?"
    times = (span.begins_at_s, attempt.queue_wait_s, attempt.wall_s)
    return (called(span), *(wording.time(each) for each in times), wording.share(part), processor, remark(span))


def remark(span: Span) -> str:
    """What is out of the ordinary with an attempt."""
    attempt = span.attempt
    told = []
    if attempt.outcome != "succeeded":
        told.append(f"{attempt.outcome}: {attempt.problem}" if attempt.problem else attempt.outcome)
    if attempt.cached:
        told.append("taken from earlier work")
    told += [wording.verdict(each) for each in span.bottlenecks if each.cause == "slower_than_usual"]
    return ", ".join(told)
