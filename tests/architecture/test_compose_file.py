"""What docker-compose.yml starts is what `setu up` starts, and lets in nobody else."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from composed.declared import declared, image_of, images, module_of, services, targets
from composed.settings import FILE, declaration, settings_of
from setu_cli.embedded.home import Home
from setu_cli.embedded.probes import Touching
from setu_cli.embedded.stack import MIGRATE, SPEECH_MODEL, Process, embedded_stack, models_of
from setu_cli.embedded.stack import SERVICES as STACK
from testbed.sources import ROOT

FILLS_THE_VOLUME = "setu_common.models"  # the embedded stack has the models of its user
SERVICES = services()
OWN = {name: service for name, service in SERVICES.items() if image_of(service) is not None}
GPU = "asr-worker-gpu"  # beside the asr worker, or instead of it
PROFILES = {"gpu": {GPU}, "llm": {"llm"}, "observability": {"prometheus", "grafana", "prepare-grafana"}, "s3": {"s3"}}
MADE = (ROOT / "deploy/make-secrets").read_text()
Json = dict[str, Any]  # Any: JSON


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> dict[str, Process]:
    """What `setu up` starts beside the servers of others, by its module; its one migration as those that it does, a container each."""
    servers = {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}
    stack = embedded_stack(Home(tmp_path_factory.mktemp("home")), gateway_port=8080, environment=servers)
    found = {process.launch.command[process.launch.command.index("-m") + 1]: process for process in stack.processes}
    migration = found.pop("setu_cli.embedded.migrating")
    return {f"setu_{service.name}.migrate": migration for service in STACK} | found


SERVICES_OF_OURS = ("gateway", "asr", "translate", "enhancer", "optimizer", "metrics")
SECRETS: dict[str, Json] = declared("secrets")


def composed(module: str):
    (service,) = (service for name, service in OWN.items() if module_of(service) == module and name != GPU)
    return service


def told_to(service: Json) -> set[str]:
    """What a service is told by name, in its environment and in files."""
    return {*service.get("environment", {}), *service.get("secrets", [])}


def has_compose() -> bool:
    docker = shutil.which("docker")
    return (
        docker is not None and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    )


def rendered(folder: Path, profiles: str, *settings: str) -> dict[str, Json]:
    """What Compose itself makes of the file, with these settings instead of an .env."""
    env_file = folder / "settings.env"
    env_file.write_text("".join(f"{line}\n" for line in settings))
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COMPOSE_PROFILES": profiles}
    command = ["docker", "compose", "--env-file", str(env_file), "config", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Json] = json.loads(done.stdout)["services"]
    return found


def test_every_process_of_the_embedded_stack_has_a_service(embedded):
    modules = [str(module_of(service)) for name, service in OWN.items() if name != GPU]
    assert sorted(modules) == sorted([*embedded, FILLS_THE_VOLUME])


def test_a_service_is_told_what_the_embedded_stack_tells_its_process(embedded):
    for module, process in embedded.items():
        own = f"SETU_{module.split('.')[0].removeprefix('setu_').upper()}_"
        told = {name for name in process.launch.environment if name.startswith(own)}
        told |= {"DATABASE_URL", "REDIS_URL", "SETU_SERVICE_TOKEN"} if own != "SETU_CLI_" else set()
        service = composed(module)
        assert told - told_to(service) == set(), module
        assert ("SETU_WORKER_READY_FILE" in service["environment"]) == isinstance(process.probe, Touching), module


def test_prometheus_has_a_port_of_its_own_at_the_gateway_and_at_each_worker_and_no_container_publishes_it(embedded):
    ports = []
    for module, process in embedded.items():
        asked = module == "setu_gateway.main" or "worker" in module
        ports += [process.launch.environment["SETU_PROMETHEUS_PORT"]] if asked else []
        told = composed(module)["environment"]
        assert (told.get("SETU_PROMETHEUS_HOST"), told.get("SETU_PROMETHEUS_PORT")) == (
            ("0.0.0.0", "9464") if asked else (None, None)
        )
        assert asked or "SETU_PROMETHEUS_PORT" not in process.launch.environment
    assert len(ports) == len(set(ports)) >= 5


def test_a_service_waits_for_what_its_process_waits_for(embedded):
    modules = {process.name: module for module, process in embedded.items()}
    for module, process in embedded.items():
        waited = composed(module).get("depends_on", {})
        done = {
            module_of(SERVICES[name]) for name, how in waited.items() if how["condition"] == "service_completed_successfully"
        }
        own = f"{module.split('.')[0]}.migrate"
        assert {own if name == MIGRATE else modules[name] for name in process.needs} <= done, module


def test_whoever_uses_postgres_or_redis_waits_until_it_is_healthy():
    for name, service in OWN.items():
        if name not in ("models", "llm"):
            needed = {"postgres"} if name.startswith("migrate-") else {"postgres", "redis"}
            assert {server: service["depends_on"][server]["condition"] for server in needed} == dict.fromkeys(
                needed, "service_healthy"
            )


def test_addresses_name_services_at_the_ports_where_they_listen():
    for service in OWN.values():
        for value in service["environment"].values():
            for host, port in re.findall(r"http://([a-z-]+):(\d+)", str(value)):
                image = image_of(SERVICES[host])
                assert image is not None
                assert image.variables["PORT"] == image.last("EXPOSE") == image.command[-1] == port


def test_only_the_gateway_and_what_shows_what_happens_are_published_and_only_on_loopback():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"gateway", "prometheus", "grafana"}
    for (port,) in published.values():
        assert re.fullmatch(r"127\.0\.0\.1:\$\{SETU_[A-Z_]+:-(\d+)\}:\1", port)
    assert published["gateway"] == ["127.0.0.1:${SETU_PORT:-8080}:8080"]


def test_what_shows_what_happens_is_asked_for_and_small_and_may_do_little():
    for name, version in (("prometheus", r"prom/prometheus:v\d+\.\d+\.\d+"), ("grafana", r"grafana/grafana:\d+\.\d+\.\d+")):
        service = SERVICES[name]
        assert service["profiles"] == ["observability"]
        assert re.fullmatch(version, service["image"])
        assert service["mem_limit"] == f"${{SETU_MEMORY_{name.upper()}:-512m}}"
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        assert [name for name, other in OWN.items() if "prometheus" in other.get("depends_on", {})] == []
    mounted = [volume for name in ("prometheus", "grafana") for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
    for volume in mounted:
        folder, _, right = volume.partition(":")
        assert (ROOT / folder).is_dir()
        assert right.endswith(":ro")
    assert [name for name, service in SERVICES.items() if "network_mode" in service] == []


def test_grafana_has_passwords_of_its_own_and_waits_for_a_role_that_is_made_after_all_schemas():
    grafana, prepares = SERVICES["grafana"], SERVICES["prepare-grafana"]
    assert "POSTGRES_PASSWORD" not in str(grafana)
    assert prepares["profiles"] == grafana["profiles"]
    assert (prepares["image"], prepares["cap_drop"], prepares["user"]) == (SERVICES["postgres"]["image"], ["ALL"], "postgres")
    assert grafana["depends_on"]["prepare-grafana"]["condition"] == "service_completed_successfully"
    migrations = {name for name in OWN if name.startswith("migrate-")}
    done = {n for n, how in prepares["depends_on"].items() if how["condition"] == "service_completed_successfully"}
    assert done == migrations
    for name in ("GRAFANA_ADMIN_PASSWORD", "SETU_READER_PASSWORD"):
        assert name in prepares["secrets"]
        assert f"/run/secrets/{name}" in grafana["environment"].values()
    assert "$GF_SETU_READER_PASSWORD" in (ROOT / "deploy/grafana/provisioning/datasources/setu.yml").read_text()


@pytest.mark.parametrize("target", [*targets().values(), "asr-gpu"])
def test_no_image_runs_as_root(target):
    assert images()[target].last("USER") == "setu"


@pytest.mark.parametrize("name", OWN)
def test_own_services_give_up_what_root_could_do(name):
    assert "user" not in OWN[name]
    assert "privileged" not in OWN[name]
    assert OWN[name]["cap_drop"] == ["ALL"]
    assert OWN[name]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_writes_to_its_volumes_alone_and_takes_no_more_than_it_may(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["cap_drop"] == ["ALL"]
    assert ("cap_add" in service) == (name == "postgres")
    for limit in ("mem_limit", "cpus", "pids_limit"):
        assert service[limit], limit
    assert all(str(each).split(":")[0].startswith("/") for each in service.get("tmpfs", []))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_health_checked_or_runs_once_for_others_to_wait_for(name):
    service = SERVICES[name]
    if service["restart"] == "no":
        waiting = [other.get("depends_on", {}).get(name, {}).get("condition") for other in SERVICES.values()]
        assert service["healthcheck"] == {"disable": True}
        assert "service_completed_successfully" in waiting
    else:
        image = image_of(service)
        assert image.last("HEALTHCHECK") if image is not None else service["healthcheck"]["test"]
        assert not service.get("healthcheck", {}).get("disable")


def test_each_image_has_one_target_and_is_built_anew_where_its_code_changes_and_never_looked_for_in_a_registry():
    for name, service in OWN.items():
        assert service["build"]["target"] == targets()[service["image"]], name
        assert service["pull_policy"] == "never", name
        watched = {each["path"] for each in service["develop"]["watch"]}
        package = str(module_of(service)).split(".")[0].removeprefix("setu_")
        own = {"common": "services/asr", "cli": "libs/cli"}.get(package, f"services/{package}")
        assert watched == {own, "libs/common", "requirements.lock"}, name
        assert all((ROOT / path).exists() for path in watched)


def test_what_is_kept_lies_in_volumes_that_have_names():
    nameless = {
        "postgres": "/var/lib/postgresql/data",
        "prepare-grafana": "/var/lib/postgresql/data",
        "redis": "/data",
        "prometheus": "/prometheus",
    }  # what these images declare
    for name, folder in nameless.items():
        mounted = [volume.split(":")[1] for volume in SERVICES[name].get("volumes", [])]
        assert folder in [*mounted, *SERVICES[name].get("tmpfs", [])], name


def test_nothing_that_is_secret_is_in_an_environment_or_in_the_example():
    secret = {name for name in SECRETS if name != "SETU_LLM_PROVIDERS"}  # which may have keys in it, and may do without
    for name, service in SERVICES.items():
        assert secret & service.get("environment", {}).keys() == set(), name
        assert "env_file" not in service, name
    stated = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    assert secret & {*stated, "POSTGRES_PASSWORD"} == set()


def test_each_process_is_given_the_secrets_of_its_service_that_it_needs_and_no_others():
    for service in SERVICES_OF_OURS:
        given = {
            n: {*each.get("secrets", [])} for n, each in OWN.items() if str(module_of(each)).startswith(f"setu_{service}.")
        }
        known = settings_of(service, secret=True) | {"SETU_LLM_PROVIDERS", "HF_TOKEN"}
        for name, secrets in given.items():
            assert secrets <= known, name
            assert {"DATABASE_PASSWORD", "SETU_SERVICE_TOKEN"} <= secrets, name
        assert settings_of(service, secret=True) - set.union(*given.values()) == set(), "some process of it is given each"
    get_models = {name for name, each in OWN.items() if "HF_TOKEN" in each.get("secrets", [])}
    assert get_models == {"models", "llm", "asr-worker", GPU, "translate-worker"}
    assert {OWN[name]["environment"]["HF_TOKEN_PATH"] for name in get_models} == {"/run/secrets/HF_TOKEN"}
    assert OWN["models"]["secrets"] == OWN["llm"]["secrets"] == ["HF_TOKEN"]


def test_every_secret_has_a_file_that_is_made_and_nobody_but_its_owner_gets_to(tmp_path):
    folder = tmp_path / "secrets"
    found = []
    for _ in range(2):
        subprocess.run(["sh", ROOT / "deploy/make-secrets", folder], check=True, timeout=30)
        found.append({path.name: path.read_text() for path in folder.iterdir()})
    made, now = found
    assert made == now, "what is there stays"
    assert now.keys() == SECRETS.keys()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    passwords = [value for value in now.values() if value]
    assert len(passwords) == len(set(passwords)) == 4
    assert all(len(password) == 48 for password in passwords)
    for name, source in SECRETS.items():
        assert source["file"] == f"${{SETU_SECRETS:-./secrets}}/{name}"


def made_of(folder: Path, env: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """What make-secrets makes beside an .env from before."""
    (folder / "deploy").mkdir(exist_ok=True)
    for name in ("deploy/make-secrets", ".env.example"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".env").write_bytes(env.encode())
    done = subprocess.run(["sh", folder / "deploy/make-secrets"], capture_output=True, text=True, check=False, timeout=30)
    return done, {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def test_passwords_of_an_env_from_before_are_taken_over(tmp_path):
    done, made = made_of(tmp_path, "SETU_PORT=1\nPOSTGRES_PASSWORD=from before\nSETU_LLM_OPENAI_API_KEY=sk-1\n")
    assert done.returncode == 0, done.stderr
    assert (made["DATABASE_PASSWORD"], made["SETU_LLM_OPENAI_API_KEY"]) == ("from before", "sk-1")
    assert len(made["SETU_SERVICE_TOKEN"]) == 48
    assert "SETU_PORT=1" in (tmp_path / ".env").read_text(), "it is kept"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ('"quoted # pass"', "quoted # pass"),
        ("abc#d # the password", "abc#d"),
        ("'$as \\n it is'  # told", "$as \\n it is"),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ("plain\r", "plain"),
        ('"two\nlines"', "two\nlines"),
    ],
)
@pytest.mark.parametrize("start", ["POSTGRES_PASSWORD=", "export POSTGRES_PASSWORD=", "  POSTGRES_PASSWORD = "])
def test_a_password_from_before_is_taken_over_as_compose_read_it(tmp_path, start, line, read):
    env = f"# POSTGRES_PASSWORD=told\nPOSTGRES_PASSWORD=first\n{start}{line}\nSETU_PORT=1\n"
    done, made = made_of(tmp_path, env)
    assert done.returncode == 0, done.stderr
    assert made["DATABASE_PASSWORD"] == read


def test_a_list_of_providers_in_several_lines_is_taken_over_whole(tmp_path):
    _, made = made_of(tmp_path, 'SETU_LLM_PROVIDERS=\'[\n {"kind": "openai",\n  "model": "m"}\n]\'\nSETU_TMDB_API_KEY=k\n')
    assert json.loads(made["SETU_LLM_PROVIDERS"]) == [{"kind": "openai", "model": "m"}]
    assert made["SETU_TMDB_API_KEY"] == "k"


def test_a_password_from_before_that_compose_made_of_others_is_asked_for_and_not_guessed(tmp_path):
    done, made = made_of(tmp_path, 'SETU_TMDB_API_KEY="a$b"\n')
    assert done.returncode == 1
    assert "write what it is into secrets/SETU_TMDB_API_KEY" in done.stderr
    assert "SETU_TMDB_API_KEY" not in made
    (tmp_path / "secrets/SETU_TMDB_API_KEY").write_text("a$b")
    assert made_of(tmp_path, 'SETU_TMDB_API_KEY="a$b"\n')[0].returncode == 0


def test_settings_that_are_passed_on_are_those_that_the_services_have():
    assert FILE.read_text() == declaration(), "run `make compose-settings`"
    for name, service in OWN.items():
        if name != "llm":
            told = service["extends"]
            assert (told["file"], f"setu_{told['service']}") == ("deploy/compose.settings.yml", image_package(service)), name


def image_package(service: Json) -> str:
    return f"setu_{targets()[service['image']].removesuffix('-gpu')}"


def test_the_example_turns_on_what_a_first_look_needs():
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert example["COMPOSE_PROFILES"] == "llm"
    assert {name: {*service.get("profiles", [])} for name, service in SERVICES.items() if service.get("profiles")} == {
        name: {profile} for profile, names in PROFILES.items() for name in names
    }
    assert example["SETU_ASR_MODEL"] == SPEECH_MODEL


def test_the_default_models_are_those_of_the_embedded_stack():
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([a-z0-9.-]+)\}", (ROOT / "docker-compose.yml").read_text()))
    assert (defaults["SETU_ASR_MODEL"], defaults["SETU_TRANSLATE_LLM_MODEL"]) == models_of({})


def test_the_gpu_has_a_worker_of_its_own_that_is_found_where_the_other_is():
    cpu, gpu = OWN["asr-worker"], OWN[GPU]
    assert gpu["build"]["target"] in images()
    assert gpu["environment"]["SETU_ASR_DEVICE"] == "cuda"
    assert gpu["networks"]["default"]["aliases"] == ["asr-worker"]
    assert (gpu["command"], gpu["secrets"], gpu["volumes"]) == (cpu["command"], cpu["secrets"], cpu["volumes"])
    assert cpu["scale"] == "${SETU_ASR_CPU_WORKERS:-1}"
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert "\nwhisperx==" in (ROOT / "deploy/requirements-gpu.txt").read_text()


@pytest.mark.parametrize("name", ["gateway", "gateway-fetcher", "asr-worker", GPU, "optimizer-learner"])
def test_whoever_copies_whole_recordings_out_of_a_bucket_does_so_to_a_disk(name):
    assert OWN[name]["environment"]["TMPDIR"] == "/var/lib/setu/scratch"
    assert "scratch:/var/lib/setu/scratch" in OWN[name]["volumes"]


def test_what_performance_is_judged_by_is_what_the_workers_of_speech_may_hold():
    limit = SERVICES["asr-worker"]["mem_limit"]
    assert SERVICES["metrics-api"]["environment"]["SETU_METRICS_MEMORY_LIMIT_BYTES"] == limit


@pytest.mark.skipif(not has_compose(), reason="Docker Compose is not installed")
@pytest.mark.parametrize("profiles", ["", *PROFILES, ",".join(PROFILES)])
def test_compose_takes_the_file_with_every_profile(tmp_path, profiles):
    started = {name for profile in profiles.split(",") for name in PROFILES.get(profile, ())}
    assert rendered(tmp_path, profiles).keys() == started | {name for name, each in SERVICES.items() if "profiles" not in each}


@pytest.mark.skipif(not has_compose(), reason="Docker Compose is not installed")
def test_a_container_is_told_its_own_settings_of_those_that_are_set_and_what_is_fixed_stays(tmp_path):
    settings = (
        "SETU_GATEWAY_AUTH=keys",
        "SETU_ASR_BEAM_SIZE=2",
        "DATABASE_POOL_SIZE=3",
        "AWS_ENDPOINT_URL=http://bucket",
        "REDIS_URL=redis://elsewhere",
        "OTHER=1",
    )
    found = {name: each.get("environment", {}) for name, each in rendered(tmp_path, "gpu", *settings).items()}
    told = {name: {key for key, value in each.items() if value is not None} for name, each in found.items()}
    assert {name for name, each in told.items() if "SETU_GATEWAY_AUTH" in each} == {n for n in found if "gateway" in n}
    assert {name for name, each in told.items() if "DATABASE_POOL_SIZE" in each} == OWN.keys() - {"llm"}
    assert found["asr-worker"]["SETU_ASR_BEAM_SIZE"] == "2"
    assert found["gateway"]["AWS_ENDPOINT_URL"] == "http://bucket"
    assert found["metrics-api"]["REDIS_URL"] == "redis://redis:6379/0"
    assert not any("OTHER" in each for each in told.values())
