"""``setu doctor``: each thing that is missing is named with what mends it."""

import socket

import pytest

from setu_cli.commands import doctor
from setu_cli.commands.doctor import Verdict, examine
from setu_cli.embedded import binaries
from setu_cli.embedded.home import Home
from setu_cli.embedded.ports import free_port


def findings(folder, environment=None, port=0):
    return {each.what: each for each in examine(Home(folder / "home"), environment or {}, port=port or free_port())}


def test_a_machine_with_everything_passes(run, tmp_path):
    shown = run("doctor", "--home", tmp_path / "home", "--port", free_port())
    assert shown.exit_code == 0, shown.output
    assert "Everything that is indispensable is there" in shown.output
    assert not (tmp_path / "home").exists()  # it only looks


def test_a_server_that_is_not_installed_is_indispensable_unless_one_exists_elsewhere(run, tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = findings(tmp_path)
    assert (found["Postgres"].verdict, found["Valkey"].verdict) == (Verdict.MISSING, Verdict.MISSING)
    assert "make setup" in found["Postgres"].mend
    shown = run("doctor", "--home", tmp_path / "home")
    assert shown.exit_code == 1
    assert "Missing: Postgres, Valkey" in shown.output
    elsewhere = findings(tmp_path, {"DATABASE_URL": "postgresql://db/setu", "REDIS_URL": "redis://cache"})
    assert (elsewhere["Postgres"].verdict, elsewhere["Valkey"].verdict) == (Verdict.GOOD, Verdict.GOOD)


def test_a_redis_on_the_path_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert findings(tmp_path)["Valkey"].says == str(program)


def test_a_service_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda package: None if package == "setu_asr" else package)
    found = findings(tmp_path)
    assert found["service asr"].verdict is Verdict.MISSING
    assert found["service gateway"].verdict is Verdict.GOOD


def test_a_port_in_use_is_named_with_another_one_to_take(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = findings(tmp_path, port=port)[f"port {port}"]
    assert found.verdict is Verdict.MISSING
    assert f"--port {port + 1}" in found.mend


def test_models_that_are_not_here_yet_are_no_failure(tmp_path):
    found = findings(tmp_path, {"SETU_TRANSLATE_LLM_MODEL": "somebody-elses"})
    assert found["model whisper-base"].verdict is Verdict.LATER
    assert found["model somebody-elses"].verdict is Verdict.OPTIONAL


def test_a_vendors_own_variables_are_told_as_not_read_and_never_shown(tmp_path):
    found = findings(tmp_path, {"OPENAI_API_KEY": "sk-secret"})
    assert "not read" in found["OPENAI_API_KEY"].says
    assert "ANTHROPIC_API_KEY" not in found
    assert not any("sk-secret" in each.says + each.mend for each in found.values())


def test_without_a_language_model_it_is_told_how_one_is_named(tmp_path):
    found = findings(tmp_path)["language model"]
    assert found.verdict is Verdict.OPTIONAL
    assert "SETU_LLM_OPENAI_API_KEY and _MODEL" in found.mend


def test_language_models_that_mend_lines_are_named_and_those_without_a_key_as_well(tmp_path, monkeypatch):
    listed = '[{"model": "small", "api_key": "sk-secret"}, {"kind": "anthropic", "model": "large"}]'
    monkeypatch.setenv("SETU_LLM_PROVIDERS", listed)
    found = findings(tmp_path)["language model"]
    assert found.verdict is Verdict.WEAK
    assert found.says == "openai:small. anthropic:large has no key (SETU_LLM_ANTHROPIC_API_KEY)."


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        ('[{"model": "small", "sk-secret": 1}]', "SETU_LLM_PROVIDERS.0 has an unknown key"),
        ('[{"model": "small", "base_url": "http://[sk-secret/v1"}]', "base_url: Value error, must be a URL that begins with"),
        (
            '[{"model": "small", "base_url": "http://sk-secret:port/v1"}]',
            "base_url: Value error, must be a URL that begins with",
        ),
        ('[{"model": "small", "base_url": "http://host/v1\\n"}]', "base_url: Value error, must be a URL without blanks"),
        ('[{"model": "small", "api_key": "sk-secret\\n"}]', "api_key: Value error, must be of ASCII characters without blanks"),
        ('[{"model": "small", "api_key": "“sk-secret”"}]', "api_key: Value error, must be of ASCII characters without blanks"),
        ('[{"model": "small"}, {"model": "small"}]', "two providers of SETU_LLM_PROVIDERS have the same name"),
        ('[{"model": "sk-secret"', 'error parsing value for field "providers"'),
    ],
)
def test_a_list_of_language_models_that_is_wrong_is_told_without_what_it_says_and_nothing_is_started(
    listed, says, run, tmp_path, monkeypatch
):
    monkeypatch.setenv("SETU_LLM_PROVIDERS", listed)
    found = findings(tmp_path)["language model"]
    assert found.verdict is Verdict.MISSING
    assert says in found.says
    assert "docs/llm-providers.md" in found.mend
    for command in (("up", "--port", free_port()), ("demo",)):
        shown = run(*command, "--home", tmp_path / "home")
        assert shown.exit_code == 1
        assert says in shown.output.replace("\n", " ")
        assert "sk-secret" not in found.says + found.mend + shown.output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["SETU_LLM_PROVIDERS", "SETU_LLM_OPENAI_API_KEY"])
def test_what_is_set_to_nothing_is_not_set(name, tmp_path, monkeypatch):
    monkeypatch.setenv("SETU_LLM_OPENAI_MODEL", "small")
    monkeypatch.setenv(name, "")
    assert findings(tmp_path)["language model"].verdict is Verdict.OPTIONAL


def test_a_key_with_a_line_end_is_told_without_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SETU_LLM_OPENAI_API_KEY", "sk-secret\n")
    found = findings(tmp_path)["language model"]
    assert found.says.startswith("SETU_LLM_OPENAI_API_KEY: ")
    assert "sk-secret" not in found.says + found.mend


def test_names_are_shown_as_they_are(run, tmp_path, monkeypatch):
    monkeypatch.setenv("SETU_[/red]X", "1")
    assert "SETU_[/red]X" in run("doctor", "--home", tmp_path / "home", "--port", free_port()).output


def test_a_variable_that_is_no_setting_is_named_with_the_nearest_one(tmp_path):
    found = findings(tmp_path, {"SETU_ASR_MODLE": "whisper-tiny", "SETU_ASR_MODEL": "whisper-tiny"})
    assert found["SETU_ASR_MODLE"].verdict is Verdict.WEAK
    assert found["SETU_ASR_MODLE"].mend == "SETU_ASR_MODEL"
    assert "SETU_ASR_MODEL" not in found


@pytest.mark.stack
def test_the_processes_of_a_running_stack_are_examined(bare_toy, run):
    bare_toy.up()
    shown = run("doctor", "--home", bare_toy.home.folder).output
    assert "running at" in shown
    assert "process worker" in shown
