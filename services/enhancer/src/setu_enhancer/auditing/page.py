"""The audit as a page for people: what was said, what became of it, and why. It needs nothing beside itself, and reads well in grey."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES, EnhancedTranscript, Enhancement, QualityScore
from setu_enhancer.domain.lines import Line

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur", "ps", "sd", "yi"})

_STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.3rem}table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid #ccc}
thead th{border-bottom:2px solid #111;position:sticky;top:0;background:#fff}
td.n,td.t{white-space:nowrap;color:#555;font-variant-numeric:tabular-nums}
tr.kept td.n::before{content:"\\2713\\00a0"}tr.refused td.n::before{content:"\\2717\\00a0"}
del{text-decoration:line-through;background:#eee}ins{text-decoration:underline;font-weight:600;background:#e4e4e4}
small{color:#555;display:block}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:#555}dd{margin:0}
details{margin:1rem 0}
@media print{thead th{position:static}}
"""


def page_of(audit: EnhancedTranscript, lines: Sequence[Line]) -> str:
    """A page of HTML. All that stands in the texts is escaped.

    Args:
        audit: what became of the lines.
        lines: what was said, and when; those that the audit is of.
    """
    source, target = (LANGUAGE_NAMES.get(code, code) for code in (audit.source_language, audit.target_language))
    said = {line.index: line for line in lines}
    rows = "\n".join(_row(line, said, audit) for line in audit.lines)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(source)} into {escape(target)}, line by line</title><style>{_STYLE}</style></head><body>
<h1>{escape(source)} into {escape(target)}, line by line</h1>
{_sums(audit)}
{_glossary(audit)}
<table><thead><tr><th>Line<th>Said<th>Translation<th>Why<th>Score</tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def marked(draft: str, text: str) -> str:
    """The edit as HTML: what of the draft is gone struck through, what came underlined, word by word."""
    old, new = draft.split(), text.split()
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(escape(" ".join(new[c:d])))
            continue
        if b > a:
            parts.append(f"<del>{escape(' '.join(old[a:b]))}</del>")
        if d > c:
            parts.append(f"<ins>{escape(' '.join(new[c:d]))}</ins>")
    return " ".join(parts)


def _row(line: Enhancement, said: Mapping[int, Line], audit: EnhancedTranscript) -> str:
    spoken = said[line.segment_index]
    kind = "kept" if line.changed else "refused" if line.offered and line.rejected else "draft"
    told = marked(line.draft, line.text) if line.changed else escape(line.text)
    if line.offered and not line.changed and line.offered != line.draft:
        told += f"<small>offered: {marked(line.draft, line.offered)}</small><small>not kept: {escape(line.rejected)}</small>"
    if line.tried:
        tried = f"{line.tried.model}, {_points(line.tried.score)}: "
        told += f"<small>tried: {escape(tried)}{marked(line.draft, line.tried.text)}</small>"
    why = "".join(f"<div>{escape(each.kind)}<small>{escape(each.detail)}</small></div>" for each in line.reasons)
    by = f"<small>{escape(line.model)}{', from memory' if line.cached else ''}</small>" if line.model else ""
    score = f"{_points(line.score_before)} → {_points(line.score_after)}" if line.score_after else _points(line.score_before)
    return (
        f'<tr class="{kind}"><td class="n">{line.segment_index}<small>{_clock(spoken.start_s)}</small>'
        f"<td{_language(audit.source_language)}>{escape(spoken.source)}<td{_language(audit.target_language)}>{told}"
        f'<td>{why}<td class="t">{score}{by}</tr>'
    )


def _sums(audit: EnhancedTranscript) -> str:
    kept = sum(line.changed for line in audit.lines)
    told = {
        "lines": str(len(audit.lines)),
        "with a reason to be edited": str(sum(bool(line.reasons) for line in audit.lines)),
        "edits offered": str(sum(bool(line.offered) and line.offered != line.draft for line in audit.lines)),
        "edits kept": str(kept),
        "prompt": audit.prompt,
    }
    return "<dl>" + "".join(f"<dt>{escape(name)}<dd>{escape(value)}" for name, value in told.items()) + "</dl>"


def _glossary(audit: EnhancedTranscript) -> str:
    if not audit.glossary:
        return ""
    rows = "".join(
        f"<tr><td{_language(audit.source_language)}>{escape(', '.join(entry.source))}<td>{escape(entry.target)}"
        f"<td>{escape(entry.kind)}<td>{escape(entry.provenance)}</tr>"
        for entry in audit.glossary
    )
    return (
        f"<details><summary>{len(audit.glossary)} names and terms</summary><table><thead><tr><th>Said<th>Written<th>Kind<th>Known from"
        f"</tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _language(code: str) -> str:
    return f' lang="{escape(code)}" dir="rtl"' if code in RIGHT_TO_LEFT else f' lang="{escape(code)}"'


def _points(score: QualityScore | None) -> str:
    return f"{score.total:.0f}" if score is not None else ""


def _clock(at_s: float) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
