"""Variables that look like settings: who guesses or misspells one is told."""

import pytest

from setu_cli.embedded import unread as module
from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import embedded_stack
from setu_cli.embedded.unread import OF_COMMANDS, unread_variables
from setu_cli.llama import LlamaSettings
from setu_common.setting_names import names_by_field


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SETU_LLM_OPENAI_BASE_URL", ("SETU_LLM_PROVIDERS", "SETU_LLM_OPENAI_MODEL")),
        ("SETU_LLM_PROVIDER", ("SETU_LLM_PROVIDERS",)),
        ("SETU_OPENAI_API_KEY", ("SETU_LLM_OPENAI_API_KEY", "SETU_ASR_OPENAI_API_KEY")),
        ("setu_asr_modle", ("SETU_ASR_MODEL",)),
        ("SETU_COLOUR", ()),
    ],
)
def test_what_nobody_reads_is_told_with_settings_whose_names_are_like_it(name, near):
    [found] = unread_variables({name: "secret", "HOME": "/root", "SETU_ASR_MODEL": "whisper-base"})
    assert (found.name, found.near) == (name, near)
    assert "secret" not in str(found)


def test_settings_are_read_in_any_case_and_under_each_of_their_names():
    assert (
        unread_variables({"setu_llm_openai_model": "m", "OTEL_EXPORTER_OTLP_HEADERS": "a=b", "SETU_GATEWAY_AUTH": "keys"}) == []
    )


def test_an_empty_variable_says_nothing():
    assert unread_variables({"SETU_COLOUR": ""}) == []


def test_what_commands_and_the_language_models_server_read_is_known():
    assert {name for _, names in names_by_field(LlamaSettings) for name in names} <= OF_COMMANDS
    assert unread_variables(dict.fromkeys(OF_COMMANDS, "x")) == []


def test_what_a_stack_tells_its_processes_is_read_by_them(tmp_path):
    stack = embedded_stack(Home(tmp_path / "home"), gateway_port=1, environment={})
    told = {name for process in stack.processes for name in process.launch.environment}
    assert unread_variables(dict.fromkeys(told, "x")) == []


def test_nothing_of_the_services_is_read_where_nothing_looks_like_a_setting(monkeypatch):
    monkeypatch.setattr(module, "_blocks", None)
    assert unread_variables({"HOME": "/root", "SETU_HOME": ".setu"}) == []
