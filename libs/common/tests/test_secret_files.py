"""What is secret may lie in files, which is where containers are given it."""

import json
import os
import subprocess
import sys
import traceback
import warnings

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from setu_common.db.connection import server_url
from setu_common.errors import InvalidRequest
from setu_common.llm.settings import LlmSettings
from setu_common.settings import DatabaseSettings, StoreSettings, TrustSettings

TOKEN = "a-token-of-sixteen-letters"


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    for name in ("DATABASE_URL", "DATABASE_PASSWORD", "SETU_SERVICE_TOKEN", "SETU_LLM_PROVIDERS", "SETU_LLM_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SETU_SECRETS_FOLDER", str(tmp_path))
    return tmp_path


def test_a_setting_is_read_from_the_file_of_its_name_without_the_end_of_its_line(secrets):
    (secrets / "SETU_SERVICE_TOKEN").write_text(f"{TOKEN}\n")
    assert TrustSettings().service_token == SecretStr(TOKEN)


def test_the_environment_goes_before_a_file_and_what_is_passed_before_both(secrets, monkeypatch):
    (secrets / "SETU_SERVICE_TOKEN").write_text("another-of-sixteen-letters")
    monkeypatch.setenv("SETU_SERVICE_TOKEN", TOKEN)
    assert TrustSettings().service_token == SecretStr(TOKEN)
    assert TrustSettings(service_token=SecretStr("passed-of-sixteen-letters")) != TrustSettings()


def test_a_file_that_is_empty_says_nothing(secrets):
    (secrets / "SETU_LLM_OPENAI_API_KEY").write_text("\n")
    (secrets / "SETU_LLM_PROVIDERS").touch()
    assert (LlmSettings().openai_api_key, LlmSettings().providers) == (None, ())
    (secrets / "SETU_SERVICE_TOKEN").touch()
    with pytest.raises(ValidationError, match="required"):
        TrustSettings()


def test_a_list_of_providers_with_their_keys_may_lie_in_a_file(secrets):
    (secrets / "SETU_LLM_PROVIDERS").write_text(json.dumps([{"model": "gpt-5-mini", "api_key": "k"}]))
    (provider,) = LlmSettings().providers
    assert (provider.model, provider.api_key) == ("gpt-5-mini", SecretStr("k"))


def test_the_keys_of_a_bucket_have_the_names_that_everyone_gives_them(secrets, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "who")
    (secrets / "AWS_SECRET_ACCESS_KEY").write_text("secret")
    assert (StoreSettings().access_key_id, StoreSettings().secret_access_key) == (SecretStr("who"), SecretStr("secret"))


@pytest.mark.parametrize(
    ("block", "name", "told"),
    [
        (TrustSettings, "SETU_SERVICE_TOKEN", "tooSECRET"),
        (LlmSettings, "SETU_LLM_PROVIDERS", '[{"model": "m", "apikey": "SECRET"}]'),
        (LlmSettings, "SETU_LLM_PROVIDERS", '[{"model": "m", "api_key": "SECRET"'),
        (DatabaseSettings, "DATABASE_CONNECT_TIMEOUT_S", "SECRET"),
    ],
)
def test_a_setting_that_is_wrong_is_told_without_its_value(secrets, block, name, told):
    (secrets / name).write_text(told)
    with pytest.raises((ValidationError, SettingsError)) as raised:
        block()
    assert "SECRET" not in "".join(traceback.format_exception(raised.value))


def test_a_file_in_place_of_the_folder_is_told(secrets, monkeypatch):
    (secrets / "token").write_text(TOKEN)
    monkeypatch.setenv("SETU_SECRETS_FOLDER", str(secrets / "token"))
    with pytest.raises(InvalidRequest, match="SETU_SECRETS_FOLDER names a file"):
        TrustSettings()


def test_without_the_folder_no_file_is_looked_for(secrets, monkeypatch):
    (secrets / "SETU_SERVICE_TOKEN").write_text(TOKEN)
    monkeypatch.delenv("SETU_SECRETS_FOLDER")
    monkeypatch.chdir(secrets)
    with warnings.catch_warnings(action="error"), pytest.raises(ValidationError):
        TrustSettings()


@pytest.mark.parametrize("password", ["plain", "p@ss:w/rd %41?#"])
def test_the_password_of_a_database_comes_into_the_url_that_has_none(secrets, monkeypatch, password):
    (secrets / "DATABASE_PASSWORD").write_text(password)
    monkeypatch.setenv("DATABASE_URL", "postgresql://setu@postgres:5432/setu?sslmode=disable")
    url = server_url(DatabaseSettings())
    assert (url.username, url.password, url.host, url.port) == ("setu", password, "postgres", 5432)
    assert (url.database, url.query) == ("setu", {"sslmode": "disable"})


@pytest.mark.parametrize("url", ["postgresql://setu:own@postgres/setu", "postgresql:///setu?host=/run/postgresql"])
def test_a_url_that_has_a_password_or_no_user_stays_as_it_is(secrets, url):
    (secrets / "DATABASE_PASSWORD").write_text("another")
    assert DatabaseSettings(url=url).url == url


def test_files_are_read_as_kubernetes_lays_them_where_a_pod_sees_them_change_at_once(secrets):
    (secrets / "..2026_11_26_10_00").mkdir()
    (secrets / "..2026_11_26_10_00" / "SETU_SERVICE_TOKEN").write_text(TOKEN)
    (secrets / "..data").symlink_to("..2026_11_26_10_00")
    (secrets / "SETU_SERVICE_TOKEN").symlink_to("..data/SETU_SERVICE_TOKEN")
    with warnings.catch_warnings(action="error"):
        assert TrustSettings().service_token == SecretStr(TOKEN)


def test_the_models_hub_is_told_the_token_that_its_file_has_and_none_where_that_is_empty(secrets):
    told = []
    for written in ("", "hf_token\n"):
        (secrets / "HF_TOKEN").write_text(written)
        done = subprocess.run(
            [sys.executable, "-c", "import huggingface_hub; print(huggingface_hub.get_token())"],
            env={**os.environ, "HF_TOKEN_PATH": str(secrets / "HF_TOKEN")},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        told.append(done.stdout.strip())
    assert told == ["None", "hf_token"]
