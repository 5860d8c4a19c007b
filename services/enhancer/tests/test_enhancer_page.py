"""The audit as people read it."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts import EnhancedTranscript, Enhancement, GlossaryEntry, QualityScore, Reason
from setu_enhancer.auditing.page import marked, page_of
from setu_enhancer.domain.lines import Line

BETTER = QualityScore(total=91, accuracy=90, fluency=90, consistency=95, cultural=90, confidence=0.5)
WORSE = BETTER.model_copy(update={"total": 62.4})


class Read(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        if self.lasttag != "style":
            self.text += data


def read(page: str) -> Read:
    reader = Read()
    reader.feed(page)
    reader.close()
    return reader


def audit(*lines: Enhancement, target: str = "en") -> EnhancedTranscript:
    return EnhancedTranscript(
        source_language="hi",
        target_language=target,
        prompt="hi-en@1",
        glossary_sha256="0",
        glossary=(GlossaryEntry(source=("राज",), target="Raj", kind="name", provenance="caller"),),
        lines=lines,
    )


def said(*sources: str) -> list[Line]:
    return [Line(n, 61.5 + n, 62.0 + n, source, "") for n, source in enumerate(sources)]


KEPT = Enhancement(
    segment_index=0,
    draft="King came home.",
    text="Raj came home.",
    changed=True,
    reasons=(Reason(kind="name", detail="राज is missing"),),
    offered="Raj came home.",
    score_before=WORSE,
    score_after=BETTER,
    model="small",
    cached=True,
)


def test_a_page_shows_what_became_of_a_line_and_why():
    page = page_of(audit(KEPT), said("राज घर आया।"))
    assert "<del>King</del> <ins>Raj</ins> came home." in page
    text = read(page).text
    assert "Hindi into English, line by line" in text
    assert "राज is missing" in text
    assert "62 → 91" in text
    assert "small, from memory" in text
    assert "0:01:01" in text
    assert "edits kept1" in text
    assert 'lang="hi">राज घर आया।' in page


def test_an_edit_that_was_refused_is_shown_beside_the_draft_that_stayed():
    line = KEPT.model_copy(
        update={"text": KEPT.draft, "changed": False, "offered": "Raj went home.", "rejected": "number: 3 is missing"}
    )
    page = page_of(audit(line), said("राज घर आया।"))
    assert 'class="refused"' in page
    assert "offered: <del>King came</del> <ins>Raj went</ins> home." in page
    assert "not kept: number: 3 is missing" in read(page).text


def test_what_is_written_from_right_to_left_is_shown_so():
    line = Enhancement(segment_index=0, draft="مرحبا", text="مرحبا", changed=False)
    assert 'lang="ar" dir="rtl">مرحبا' in page_of(audit(line, target="ar"), said("नमस्ते"))


TEXTS = st.text(max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=y>', "</td></table>", "&lt;"]
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_text_becomes_part_of_the_page_itself(source, draft, text, reason):
    line = Enhancement(
        segment_index=0, draft=draft, text=text, changed=draft != text, reasons=(Reason(kind="asked", detail=reason),),
        offered=reason, rejected=reason,
    )  # fmt: skip
    plain = Enhancement(
        segment_index=0, draft="a b", text="a b", changed=False, reasons=(Reason(kind="asked"),), offered="c", rejected="d"
    )
    found, usual = read(page_of(audit(line), said(source))), read(page_of(audit(plain), said("x")))
    allowed = {"del", "ins", "small"}
    assert [tag for tag in found.tags if tag not in allowed] == [tag for tag in usual.tags if tag not in allowed]
    assert {name for name, _ in found.attributes} <= {"lang", "dir", "charset", "name", "content", "class"}
    assert "http" not in page_of(audit(plain), said("x"))


@given(st.text("ab <&", max_size=20), st.text("ab <&", max_size=20))
def test_a_marked_edit_holds_both_texts_word_by_word(draft, text):
    reader = read(f"<p>{marked(draft, text)}")
    assert set(reader.tags) <= {"p", "del", "ins"}
    assert marked(draft, draft) == " ".join(draft.replace("&", "&amp;").replace("<", "&lt;").split())
    if not draft.split():
        assert reader.text.split() == text.split()
