"""A job's report as a page for people. It needs nothing beside itself, prints, and is light or dark as its reader's screen is."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from setu_common.contracts.performance import JobReport
from setu_metrics.reports import wording
from setu_metrics.reports.explaining import MOST_ROWS, advice, alternative, called, held_up, remark, summary
from setu_metrics.reports.spans import Span, spans_of

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#111;--soft:#555;--line:#ccc;--paper:#fff;--mark:#f3ede4}
@media screen and (prefers-color-scheme:dark){:root{--ink:#eee;--soft:#aaa;--line:#444;--paper:#16181b;--mark:#37291f}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:var(--ink);background:var(--paper)}
h1{font-size:1.35rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}
figure{margin:1.5rem 0}img{max-width:100%;height:auto;background:#fff;border:1px solid var(--line)}
figcaption{color:var(--soft)}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}caption{text-align:start;color:var(--soft);padding:.2rem .5rem}
th,td{text-align:start;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--ink)}.n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
tr.up{background:var(--mark)}tr.up th{font-weight:700}tbody th{font-weight:400}tfoot td,tfoot th{font-weight:700;border:0}
@media print{:root{color-scheme:light}body{margin:0;max-width:none}h2,tr{break-inside:avoid;break-after:auto}.wide{overflow:visible}}
"""


def page_of(report: JobReport, chart: bytes) -> str:
    """A page of HTML. All that came from elsewhere is escaped.

    Args:
        report: the job's.
        chart: its timeline, PNG.
    """
    title = f"Job {report.performance.job_id}"
    seen = base64.b64encode(chart).decode("ascii")
    spoken = escape(alternative(report.performance), quote=True)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(title)}: where time and money went</title><style>{_STYLE}</style></head><body><main>
<h1>{escape(title)}</h1>
{_paragraphs(summary(report))}
<figure><img src="data:image/png;base64,{seen}" alt="{spoken}"><figcaption>{spoken}</figcaption></figure>
<h2>What held it up</h2>
{_list(held_up(report.performance))}
<h2>What would make it faster</h2>
{_list(advice(report.performance))}
{"".join(_tables(report))}
</main></body></html>
"""


def _paragraphs(sentences: Iterable[str]) -> str:
    return "\n".join(f"<p>{escape(each)}</p>" for each in sentences)


def _list(sentences: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in sentences) + "</ul>"


def _tables(report: JobReport) -> Iterator[str]:
    spans = spans_of(report.performance)
    if spans:
        yield _attempts(spans, report)
    if report.cost.stages:
        yield _costs(report)
    if report.outcome is not None and report.outcome.targets:
        yield _translations(report)


def _attempts(spans: Sequence[Span], report: JobReport) -> str:
    work_s = report.performance.work_s
    rows = []
    for span in spans[:MOST_ROWS]:
        attempt = span.attempt
        cells = (
            wording.time(span.begins_at_s),
            wording.time(attempt.queue_wait_s),
            wording.time(attempt.wall_s),
            wording.share(attempt.wall_s / work_s) if work_s else "",
            wording.time(attempt.cpu_s) if attempt.cpu_s is not None else "?",
            wording.size(attempt.peak_rss_bytes) if attempt.peak_rss_bytes is not None else "?",
        )
        rows.append(_row(called(span), cells, (attempt.model or "", remark(span)), marked=span.holds_up))
    left = (
        f"The first {MOST_ROWS} of {len(spans):,} attempts; the report in JSON has them all." if len(spans) > MOST_ROWS else ""
    )
    names = ("began", "waited", "worked", "of the work", "processor", "memory")
    return _table("Where the time went", ("attempt", names, ("model", "remark")), rows, caption=left)


def _costs(report: JobReport) -> str:
    rows = [
        _row(
            wording.name(line.stage, line.target),
            (
                f"{line.calls:,}",
                f"{line.input_tokens:,}",
                f"{line.output_tokens:,}",
                wording.usd(line.wasted_usd),
                wording.usd(line.usd),
                wording.share(line.share),
            ),
            (f"{line.provider}/{line.model}",),
        )
        for line in report.cost.stages
    ]
    total = report.cost
    sums = (total.calls, total.input_tokens, total.output_tokens)
    foot = _row("all", (*(f"{each:,}" for each in sums), wording.usd(total.wasted_usd), wording.usd(total.usd), ""), ("",))
    names = ("calls", "tokens in", "out", "in vain", "cost", "share")
    return _table("What it cost", ("of what", names, ("model",)), rows, foot=foot)


def _translations(report: JobReport) -> str:
    targets = report.outcome.targets if report.outcome is not None else ()
    rows = [
        _row(each.target, (f"{each.lines:,}", f"{each.edited:,}", _score(each.score_before), _score(each.score_after)), ())
        for each in targets
    ]
    return _table("How good it is believed to be", ("into", ("lines", "edited", "score before", "score after"), ()), rows)


def _score(score: float | None) -> str:
    return f"{score:.1f}" if score is not None else "-"


def _table(
    title: str, names: tuple[str, tuple[str, ...], tuple[str, ...]], rows: Sequence[str], *, caption: str = "", foot: str = ""
) -> str:
    """A table under its title: the first column names a row, figures follow, then words."""
    first, figures, words = names
    head = "".join(
        (
            f'<th scope="col">{escape(first)}</th>',
            *(f'<th scope="col" class="n">{escape(each)}</th>' for each in figures),
            *(f'<th scope="col">{escape(each)}</th>' for each in words),
        )
    )
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    below = f"<tfoot>{foot}</tfoot>" if foot else ""
    body = "\n".join(rows)
    return (
        f'<h2>{escape(title)}</h2>\n<div class="wide"><table>{told}<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody>{below}'
        "</table></div>\n"
    )


def _row(name: str, figures: Iterable[str], words: Iterable[str], *, marked: bool = False) -> str:
    cells = (f'<td class="n">{escape(each)}</td>' for each in figures)
    texts = (f"<td>{escape(each)}</td>" for each in words)
    return f'<tr{" class=up" if marked else ""}><th scope="row">{escape(name)}</th>{"".join(cells)}{"".join(texts)}</tr>'
