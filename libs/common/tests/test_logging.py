"""Log lines: one form for all, ids on each, and nothing that must not be there."""

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from setu_common.observability import bound, configure_logging
from setu_common.settings import LogSettings

Written = Callable[[], str]


class Cue(BaseModel):
    index: int
    text: str


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, showwarning = root.handlers[:], root.level, warnings.showwarning
    yield
    root.handlers[:], warnings.showwarning = handlers, showwarning
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Written:
    return lambda: capsys.readouterr().err


def configured(**settings: Any) -> None:
    configure_logging(LogSettings(**settings), "asr")  # in the test's own phase: pytest gives each phase another standard error


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_when_who_and_what(written: Written) -> None:
    configured()
    structlog.get_logger().info("operation.claimed", kind="transcriptions", attempt=2)
    [line] = parsed(written())
    assert list(line)[:4] == ["timestamp", "level", "service", "event"]
    assert (line["level"], line["service"], line["event"]) == ("info", "asr", "operation.claimed")
    assert (line["kind"], line["attempt"]) == ("transcriptions", 2)
    assert str(line["timestamp"]).endswith("Z")


def test_the_standard_librarys_lines_look_the_same(written: Written) -> None:
    configured()
    logging.getLogger("celery.worker").warning("lost %s of %d", "one", 3, extra={"queue": "asr"})
    [line] = parsed(written())
    assert (line["event"], line["level"], line["service"], line["queue"]) == ("lost one of 3", "warning", "asr", "asr")
    assert line["logger"] == "celery.worker"


def test_ids_show_on_every_line_within_and_on_none_after(written: Written) -> None:
    configured()
    with bound(request_id="r-1", job_id=None):
        structlog.get_logger().info("inside")
        logging.getLogger("elsewhere").warning("inside too")
    structlog.get_logger().info("after")
    inside, inside_too, after = parsed(written())
    assert inside["request_id"] == inside_too["request_id"] == "r-1"
    assert "job_id" not in inside
    assert "request_id" not in after


def test_what_is_below_the_level_is_not_written(written: Written) -> None:
    configured(level="warning")
    structlog.get_logger().info("quiet")
    logging.getLogger("quiet").info("quiet")
    assert written() == ""


def test_chatty_libraries_are_heard_only_when_something_is_wrong(written: Written) -> None:
    configured()
    logging.getLogger("httpx2").info("GET http://…")
    logging.getLogger("httpx2").warning("odd")
    assert [line["event"] for line in parsed(written())] == ["odd"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "SECRET"},
        {"draft": "SECRET"},
        {"prompt": ["SECRET"]},
        {"segments": ({"text": "SECRET"},)},
        {"api_token": "SECRET"},
        {"Authorization": "SECRET"},
        {"password": "SECRET"},
        {"headers": {"authorization": "SECRET"}},
        {"chunk": b"SECRET"},
        {"samples": memoryview(b"SECRET")},
        {"result": Cue(index=1, text="SECRET")},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_audio_dialogue_and_keys_are_hidden(written: Written, fields: dict[str, object]) -> None:
    configured()
    structlog.get_logger().info("careless", **fields)
    logging.getLogger("careless").warning("careless", extra=fields)
    text = written()
    assert len(text.splitlines()) == 2
    assert "SECRET" not in text


def test_figures_about_them_are_shown(written: Written) -> None:
    configured()
    structlog.get_logger().info("counted", segments=12, words=80, idempotency_key="abc")
    [line] = parsed(written())
    assert (line["segments"], line["words"], line["idempotency_key"]) == (12, 80, "abc")


@pytest.mark.parametrize("json_lines", [True, False])
def test_an_exception_says_where_and_why_without_the_values_at_hand(written: Written, json_lines: bool) -> None:
    configured(json_lines=json_lines)
    dialogue = "SECRET"
    try:
        try:
            Cue.model_validate({"index": dialogue, "text": dialogue})
        except ValidationError as error:
            raise RuntimeError("the cues can't be read") from error
    except RuntimeError:
        structlog.get_logger().exception("render.failed")
    text = written()
    assert "SECRET" not in text
    for expected in ("RuntimeError", "the cues can't be read", "ValidationError", "index: int_parsing", "test_logging.py"):
        assert expected in text


def test_the_standard_librarys_exceptions_are_told_as_well(written: Written) -> None:
    configured()
    try:
        dict[str, str]().pop("nothing")
    except KeyError:
        logging.getLogger("celery").exception("task failed")
    [line] = parsed(written())
    [exception] = line["exception"]
    assert exception["kind"] == "builtins.KeyError"
    assert "test_logging.py" in exception["frames"][-1]


def test_people_get_text(written: Written) -> None:
    configured(json_lines=False)
    structlog.get_logger().info("operation.claimed", attempt=2)
    text = written()
    assert "operation.claimed" in text
    assert "attempt=2" in text
    assert "\x1b[" not in text  # no colours where nobody sees them


def test_configuring_again_replaces_what_was(written: Written) -> None:
    configured()
    configure_logging(LogSettings(), "translate")
    structlog.get_logger().info("once")
    [line] = parsed(written())
    assert line["service"] == "translate"
