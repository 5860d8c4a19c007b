"""What docker-compose.yml starts is what `setu up` starts, and lets in nobody else."""

import re

import pytest

from composed.declared import image_of, images, module_of, services, targets
from setu_cli.embedded.home import Home
from setu_cli.embedded.probes import Touching
from setu_cli.embedded.stack import MIGRATE, SPEECH_MODEL, Process, embedded_stack, models_of
from setu_cli.embedded.stack import SERVICES as STACK
from testbed.sources import ROOT

FILLS_THE_VOLUME = "setu_common.models"  # the embedded stack has the models of its user
SERVICES = services()
OWN = {name: service for name, service in SERVICES.items() if image_of(service) is not None}
GPU = services("deploy/compose.gpu.yml")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> dict[str, Process]:
    """What `setu up` starts beside the servers of others, by its module; its one migration as those that it does, a container each."""
    servers = {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}
    stack = embedded_stack(Home(tmp_path_factory.mktemp("home")), gateway_port=8080, environment=servers)
    found = {process.launch.command[process.launch.command.index("-m") + 1]: process for process in stack.processes}
    migration = found.pop("setu_cli.embedded.migrating")
    return {f"setu_{service.name}.migrate": migration for service in STACK} | found


def composed(module: str):
    (service,) = (service for service in OWN.values() if module_of(service) == module)
    return service


def test_every_process_of_the_embedded_stack_has_a_service(embedded):
    assert sorted(str(module_of(service)) for service in OWN.values()) == sorted([*embedded, FILLS_THE_VOLUME])


def test_a_service_is_told_what_the_embedded_stack_tells_its_process(embedded):
    for module, process in embedded.items():
        own = f"SETU_{module.split('.')[0].removeprefix('setu_').upper()}_"
        told = {name for name in process.launch.environment if name.startswith(own)}
        told |= {"DATABASE_URL", "REDIS_URL", "SETU_SERVICE_TOKEN"} if own != "SETU_CLI_" else set()
        service = composed(module)
        assert told - service["environment"].keys() == set(), module
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
        assert service["mem_limit"] == "512m"
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
        assert prepares["environment"][name] == f"${{{name}:-}}", "who does not start the profile need not set it"
        assert f"${{{name}:-}}" in grafana["environment"].values()


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
def test_a_service_is_health_checked_or_runs_once_for_others_to_wait_for(name):
    service = SERVICES[name]
    if service["restart"] == "no":
        waiting = [other.get("depends_on", {}).get(name, {}).get("condition") for other in SERVICES.values()]
        assert service["healthcheck"] == {"disable": True}
        assert "service_completed_successfully" in waiting
    else:
        image = image_of(service)
        assert image.last("HEALTHCHECK") if image else service["healthcheck"]["test"]
        assert not service.get("healthcheck", {}).get("disable")


def test_each_image_is_built_once_and_never_looked_for_in_a_registry():
    builders = [service["image"] for service in SERVICES.values() if "build" in service]
    assert len(builders) == len(set(builders))
    assert [name for name, service in OWN.items() if "build" not in service and service.get("pull_policy") != "never"] == []


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


def test_what_must_be_set_stands_in_the_example():
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    demanded = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert demanded - example.keys() == set()
    assert len(example["SETU_SERVICE_TOKEN"]) >= 16
    own = [example[name] for name in ("POSTGRES_PASSWORD", "GRAFANA_ADMIN_PASSWORD", "SETU_READER_PASSWORD")]
    assert len(set(own)) == len(own)
    profiles = {p for service in SERVICES.values() for p in service.get("profiles", [])}
    assert profiles == {*example["COMPOSE_PROFILES"].split(","), "observability"}
    assert example["SETU_ASR_MODEL"] == SPEECH_MODEL


def test_the_default_models_are_those_of_the_embedded_stack():
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([a-z0-9.-]+)\}", (ROOT / "docker-compose.yml").read_text()))
    assert (defaults["SETU_ASR_MODEL"], defaults["SETU_TRANSLATE_LLM_MODEL"]) == models_of({})


def test_the_gpu_overlay_changes_the_asr_worker_alone():
    assert list(GPU) == ["asr-worker"]
    assert GPU["asr-worker"]["build"]["target"] in images()
    assert GPU["asr-worker"]["environment"]["SETU_ASR_DEVICE"] == "cuda"
    (device,) = GPU["asr-worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
