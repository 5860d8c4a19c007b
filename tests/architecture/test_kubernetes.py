"""What deploy/kubernetes starts is what docker-compose.yml starts, and it holds together."""

import importlib
import json
import re
import shutil
import subprocess
from typing import Any

import jsonschema_rs
import pytest
import yaml

from composed.declared import image_of, images, module_of, services, targets
from setu_common.settings import SettingsBlock
from testbed.kustomized import rendered
from testbed.sources import ROOT

Json = dict[str, Any]  # Any: YAML

FOLDER = ROOT / "deploy/kubernetes"
GUIDE = (ROOT / "docs/deployment.md").read_text()
OVERLAYS = ["volumes", "s3", "gpu", "dev"]
SCHEMAS = ROOT / "build/kubernetes-schemas/kubernetes_validate/kubernetes-json-schema/v1.34.0-local-strict"
SERVICES = ("gateway", "asr", "translate", "enhancer", "optimizer", "metrics")
ALL = {overlay: rendered(FOLDER / "overlays" / overlay) for overlay in OVERLAYS}
GPU = services()["asr-worker-gpu"]
COMPOSED = {name: service for name, service in services().items() if image_of(service) is not None and service is not GPU}
NAME = "app.kubernetes.io/name"
# Compose's own: its switch for its loopback port, its files, and what is passed on for building, for packages and for tests.
NOT_TOLD = {
    "SETU_GATEWAY_ALLOW_WITHOUT_KEYS",
    "TMPDIR",
    "SETU_LLAMA_REPEATABLE",
    "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX",
}
OF_LIBRARIES = {"AWS_REGION", "AWS_ENDPOINT", "HF_HOME", "HF_TOKEN_PATH"}
SECRETS_AT = "/etc/setu/secrets"


def found(kind: str, overlay: str) -> dict[str, Json]:
    return {each["metadata"]["name"]: each for each in ALL[overlay] if each["kind"] == kind}


def pods(overlay: str, *, ours: bool = True) -> dict[str, Json]:
    """The pods of an overlay by their workload; ``ours``: of Setu's own images alone."""
    workloads = [each for each in ALL[overlay] if each["kind"] in ("Deployment", "Job", "StatefulSet")]
    named = {each["metadata"]["name"]: each["spec"]["template"] for each in workloads}
    return {name: pod for name, pod in named.items() if not ours or main_of(pod)["image"].startswith("setu-")}


def main_of(pod: Json) -> Json:
    (container,) = pod["spec"]["containers"]
    return dict(container)


def containers(pod: Json) -> list[Json]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def told(container: Json, overlay: str) -> set[str]:
    maps = found("ConfigMap", overlay)
    names = {name for source in container.get("envFrom", []) for name in maps[source["configMapRef"]["name"]]["data"]}
    return names | {each["name"] for each in container.get("env", [])}


def secrets_of(pod: Json) -> dict[str, set[tuple[str, str]]]:
    """What each of a pod's volumes has of which Secret, and of which key; ``key`` is also what the file is called."""
    found: dict[str, set[tuple[str, str]]] = {}
    for volume in pod["spec"].get("volumes", []):
        sources = [each["secret"] for each in volume.get("projected", {}).get("sources", [])]
        sources += [{**volume["secret"], "name": volume["secret"]["secretName"]}] if "secret" in volume else []
        assert all(item["key"] == item["path"] for source in sources for item in source["items"])
        if sources:
            found[volume["name"]] = {(source["name"], item["key"]) for source in sources for item in source["items"]}
    return found


def given(pod: Json, container: Json) -> set[str]:
    """The secrets that a container sees as files."""
    secrets, mounted = secrets_of(pod), [each for each in container["volumeMounts"] if each["name"] in secrets_of(pod)]
    assert all((each["mountPath"], each["readOnly"]) == (SECRETS_AT, True) for each in mounted)
    return {key for each in mounted for _, key in secrets[each["name"]]}


def settings_names() -> set[str]:
    for module in ["setu_common.llm", "setu_common.cost", *(f"setu_{service}" for service in SERVICES)]:
        importlib.import_module(f"{module}.settings")
    blocks = [block for block in SettingsBlock.__subclasses__() if block.__module__.startswith("setu_")]
    return {f"{block.model_config.get('env_prefix', '')}{name}".upper() for block in blocks for name in block.model_fields}


def quantity(value: object) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(value)).groups()  # type: ignore[union-attr]  # or the test fails
    return float(number) * {"": 1, "m": 0.001, "Mi": 2**20, "Gi": 2**30}[unit]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed; the tests' own rendering is looked at")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_renders_the_same(overlay):
    command = ["kubectl", "kustomize", f"deploy/kubernetes/overlays/{overlay}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert in_order(list(yaml.safe_load_all(done.stdout))) == in_order(ALL[overlay])


def in_order(value: Any) -> Any:  # Any: YAML
    """Without the hashes behind names, and with lists in one order: only that of steps would count, and there are none."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(in_order, value), key=lambda each: json.dumps(each, sort_keys=True))
    return re.sub(r"^setu-[a-z0-9]{10}$", "setu", value) if isinstance(value, str) else value


@pytest.mark.skipif(not SCHEMAS.exists(), reason="Kubernetes' schemas are not here: docs/deployment.md says how they are had")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_knows_every_field(overlay):
    known = json.loads((SCHEMAS / "_definitions.json").read_text())
    registry = jsonschema_rs.Registry([("https://kubernetes.io/api/_definitions.json", known)])
    for each in ALL[overlay]:
        group, _, version = each["apiVersion"].rpartition("/")
        name = "-".join(filter(None, (each["kind"].lower(), group.split(".")[0], version)))
        if not group.startswith("keda.sh"):
            schema = json.loads((SCHEMAS / f"{name}.json").read_text())
            jsonschema_rs.Draft7Validator(schema, registry=registry).validate(each)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_process_of_compose_has_its_workload_with_the_same_image_and_command(overlay):
    expected = set()
    for name, service in COMPOSED.items():
        command = [re.sub(r"\$\{([A-Z_]+):-.*\}", r"$(\1)", word) for word in service.get("command", [])]
        image = service["image"].split(":")[0]
        if overlay == "gpu" and module_of(service) in ("setu_asr.worker", "setu_common.models"):
            image = GPU["image"].split(":")[0]
        if "profiles" not in service or overlay == "dev":
            expected.add((name, image, tuple(command)))
    ours = {(name, main_of(pod)["image"], tuple(main_of(pod).get("args", []))) for name, pod in pods(overlay).items()}
    first = [each for pod in pods(overlay).values() for each in pod["spec"].get("initContainers", [])]
    assert ours | {(each["name"], each["image"], tuple(each["args"])) for each in first} == expected


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_process_is_told_what_compose_tells_it_and_nothing_that_is_no_setting(overlay):
    known = settings_names() | OF_LIBRARIES
    for name, pod in pods(overlay).items():
        names = told(main_of(pod), overlay)
        assert COMPOSED[name]["environment"].keys() - names - given(pod, main_of(pod)) - NOT_TOLD == set(), name
        assert names - known - {"SETU_SECRETS_FOLDER"} == set(), name
        assert ("SETU_SECRETS_FOLDER" in names) == (name != "llm"), name
        values = {each["name"]: each.get("value") for each in main_of(pod).get("env", [])}
        assert values.get("SETU_SECRETS_FOLDER", SECRETS_AT) == SECRETS_AT
    (settings,) = found("ConfigMap", overlay).values()
    assert settings["data"]["HF_TOKEN_PATH"] == f"{SECRETS_AT}/HF_TOKEN"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_process_has_the_secrets_that_compose_gives_it_and_all_of_them_are_files(overlay):
    servers = {"DATABASE_URL", "REDIS_URL"}  # which have passwords in them, where they are somebody's else
    for name, pod in pods(overlay, ours=False).items():
        for container in containers(pod):
            assert "valueFrom" not in str(container.get("env")), name
            assert "secretRef" not in str(container.get("envFrom")), name
        if not main_of(pod)["image"].startswith("setu-"):
            continue
        files = given(pod, main_of(pod))
        if name.startswith("migrate-"):
            assert files == servers | {"DATABASE_PASSWORD", "SETU_SERVICE_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS"}, name
        else:
            assert files == {*COMPOSED[name]["secrets"]} | (servers if name != "llm" else set()), name
        for first in pod["spec"].get("initContainers", []):
            assert given(pod, first) == {*COMPOSED[first["name"]]["secrets"]}, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_waits_for_a_secret_that_may_be_left_out(overlay):
    for name, pod in pods(overlay).items():
        volumes = pod["spec"]["volumes"]
        sources = [each["secret"] for volume in volumes for each in volume.get("projected", {}).get("sources", [])]
        sources += [volume["secret"] for volume in volumes if "secret" in volume]
        needed = {item["key"] for source in sources if not source.get("optional") for item in source["items"]}
        assert needed == ({"DATABASE_URL", "REDIS_URL", "SETU_SERVICE_TOKEN"} if name != "llm" else set()), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_secret_and_map_that_is_named_is_generated_or_the_guide_says_how_it_is_made(overlay):
    maps = found("ConfigMap", overlay)
    assert set(re.findall(r"configMapRef.*?name': '([a-z-]+)'", str(ALL[overlay]))) <= maps.keys()
    named = {each for pod in pods(overlay, ours=False).values() for volume in secrets_of(pod).values() for each in volume}
    (auth,) = found("TriggerAuthentication", overlay).values()
    named |= {(each["name"], each["key"]) for each in auth["spec"]["secretTargetRef"]}
    assert not found("Secret", overlay)
    for name, key in named:
        assert f"`{name}`" in GUIDE, name
        assert f"`{key}`" in GUIDE, key


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_may_do_more_than_it_needs(overlay):
    for name, pod in pods(overlay, ours=False).items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod):
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True, name
            assert security["allowPrivilegeEscalation"] is False, name
            assert security["capabilities"] == {"drop": ["ALL"]}, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_written_lies_in_volumes_that_the_pod_has(overlay):
    stores = {
        name for name, service in COMPOSED.items() if any(each.startswith("store:") for each in service.get("volumes", []))
    }
    claims = found("PersistentVolumeClaim", overlay)
    for name, pod in pods(overlay).items():
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        for container in containers(pod):
            mounted = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
            assert "/tmp" in mounted, name
            assert set(mounted.values()) <= volumes.keys(), name
        asked = {each["persistentVolumeClaim"]["claimName"] for each in volumes.values() if "persistentVolumeClaim" in each}
        assert asked <= claims.keys(), name
        keeps = overlay in ("volumes", "dev") and name in stores and not name.startswith("migrate-") and name != "llm"
        assert ("/var/lib/setu/store" in {each["mountPath"] for each in main_of(pod)["volumeMounts"]}) == keeps, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_what_the_images_ask_at_ports_that_are_there(overlay):
    for name, pod in pods(overlay).items():
        container = main_of(pod)
        ports = {each["name"]: each["containerPort"] for each in container.get("ports", [])}
        probes = [container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness") if f"{kind}Probe" in container]
        assert len(probes) == (0 if name.startswith("migrate-") else 3), name
        if not probes:
            continue
        if "SETU_WORKER_READY_FILE" in COMPOSED[name]["environment"]:
            assert all(each["exec"] == {"command": ["healthy"]} for each in probes), name
            assert probes[1]["periodSeconds"] * probes[1]["failureThreshold"] > 30, "a file of 30 s ago is fresh"
        else:
            image = images()[targets()[COMPOSED[name]["image"]]]
            ready = image.variables.get("HEALTH_PATH", "/readyz")
            assert ports["http"] == int(image.variables["PORT"]), name
            assert {each["httpGet"]["port"] for each in probes} <= ports.keys(), name
            assert probes[2]["httpGet"]["path"] == ready, name
            assert probes[1]["httpGet"]["path"] == ("/healthz" if ready == "/readyz" else ready), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_requests_are_within_limits_and_threads_within_cores(overlay):
    for name, pod in pods(overlay, ours=False).items():
        for container in containers(pod):
            requests, limits = container["resources"]["requests"], container["resources"]["limits"]
            assert {"cpu", "memory"} <= requests.keys(), name
            assert "memory" in limits, name
            for what in requests.keys() & limits.keys():
                assert quantity(requests[what]) <= quantity(limits[what]), (name, what)
    worker = main_of(pods(overlay)["asr-worker"])
    values = {each["name"]: each.get("value") for each in worker["env"]}
    at_once = int(values["SETU_WORKER_CONCURRENCY"]) * int(values["SETU_ASR_CPU_THREADS"])
    assert at_once <= quantity(worker["resources"]["requests"]["cpu"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_may_hold_what_a_container_may(overlay):
    units = {"": 1, "m": 2**20, "g": 2**30}
    for name, pod in pods(overlay).items():
        if "mem_limit" in COMPOSED[name] and not name.startswith("migrate-"):
            ours = GPU if overlay == "gpu" and name == "asr-worker" else COMPOSED[name]
            ((number, unit),) = re.findall(r"^\$\{SETU_MEMORY_[A-Z_]+:-(\d+)([mg]?)\}$", ours["mem_limit"])
            assert quantity(main_of(pod)["resources"]["limits"]["memory"]) == int(number) * units[unit], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_memory_is_judged_by_is_what_the_workers_of_speech_may_hold(overlay):
    assert "SETU_METRICS_MEMORY_LIMIT_BYTES" in told(main_of(pods(overlay)["metrics-api"]), overlay)
    limit = main_of(pods(overlay)["asr-worker"])["resources"]["limits"]["memory"]
    assert int(found("ConfigMap", overlay)["setu"]["data"]["SETU_METRICS_MEMORY_LIMIT_BYTES"]) == quantity(limit)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_the_time_to_end_that_compose_gives_and_a_worker_more_than_its_work_has(overlay):
    for name, pod in pods(overlay).items():
        grace_s = pod["spec"].get("terminationGracePeriodSeconds", 30)
        pause_s = main_of(pod).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert grace_s - pause_s >= int(COMPOSED[name].get("stop_grace_period", "10s").removesuffix("s")), name
        own = {each["name"]: each.get("value") for each in main_of(pod).get("env", [])}
        if "SETU_WORKER_READY_FILE" in own:
            assert grace_s >= float(own.get("SETU_OPERATIONS_SHUTDOWN_GRACE_S", "10")) + 10, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_the_pods_that_they_mean(overlay):
    everyone = [(name, pod["metadata"]["labels"]) for name, pod in pods(overlay, ours=False).items()]

    def chosen(selector: Json) -> set[str]:
        return {name for name, labels in everyone if selector["matchLabels"].items() <= labels.items()}

    for kind in ("Deployment", "StatefulSet"):
        for name, each in found(kind, overlay).items():
            assert chosen(each["spec"]["selector"]) == {name}
    for name, each in found("PodDisruptionBudget", overlay).items():
        assert chosen(each["spec"]["selector"]) == {name}
    for name, each in found("Service", overlay).items():
        assert chosen({"matchLabels": each["spec"]["selector"]}) == {name}
        (port,) = each["spec"]["ports"]
        (at,) = [
            one["containerPort"]
            for one in main_of(pods(overlay, ours=False)[name])["ports"]
            if one["name"] == port["targetPort"]
        ]
        assert at == port["port"]
    assert found("PodDisruptionBudget", overlay).keys() == found("Deployment", overlay).keys() - {"llm", "redis"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_addresses_name_services_at_the_ports_where_they_listen(overlay):
    listening = {(name, each["spec"]["ports"][0]["port"]) for name, each in found("Service", overlay).items()}
    (settings,) = found("ConfigMap", overlay).values()
    named = {
        (host, int(port)) for value in settings["data"].values() for host, port in re.findall(r"http://([a-z-]+):(\d+)", value)
    }
    assert named - listening - {("llm", 8090)} == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_from_outside_nobody_but_the_gateway_is_reached(overlay):
    policies = {name: each["spec"] for name, each in found("NetworkPolicy", overlay).items()}
    assert policies.pop("nobody") == {"podSelector": {}, "policyTypes": ["Ingress"]}
    open_to_all = {name for name, each in policies.items() if not all(rule.get("from") for rule in each["ingress"])}
    assert open_to_all == {"gateway-from-anywhere"}
    assert policies["gateway-from-anywhere"]["podSelector"] == {"matchLabels": {NAME: "gateway"}}
    assert policies["gateway-from-anywhere"]["ingress"] == [{"ports": [{"port": "http"}]}], "not where Prometheus asks"
    assert [each for each in found("Service", overlay).values() if each["spec"].get("type", "ClusterIP") != "ClusterIP"] == []


def test_whoever_reaches_a_cluster_from_outside_needs_a_key():
    for overlay in OVERLAYS:
        (settings,) = found("ConfigMap", overlay).values()
        assert settings["data"]["SETU_GATEWAY_AUTH"] == ("off" if overlay == "dev" else "keys")
        assert ("SETU_GATEWAY_ALLOW_WITHOUT_KEYS" in settings["data"]) == (overlay == "dev")


def test_speech_is_recognised_where_the_gpus_are():
    for overlay in OVERLAYS:
        on_gpu = {name for name, pod in pods(overlay).items() if "nvidia.com/gpu" in main_of(pod)["resources"]["limits"]}
        assert on_gpu == ({"asr-worker"} if overlay == "gpu" else set())
    spec = pods("gpu")["asr-worker"]["spec"]
    assert spec["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert spec["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    pod = pods("gpu")["asr-worker"]
    assert GPU["environment"].keys() - NOT_TOLD <= told(main_of(pod), "gpu") | given(pod, main_of(pod))


def test_the_cluster_gets_no_file_that_holds_a_secret():
    for path in FOLDER.rglob("*"):
        if path.is_file():
            assert not re.search(
                r"(password|token|secret_access_key)\s*[:=]\s*[\"']?\w{6,}", path.read_text(), re.IGNORECASE
            ), path
            assert "secretGenerator" not in path.read_text(), path


def test_every_overlay_is_tried_and_the_guide_tells_of_it():
    assert sorted(path.name for path in (FOLDER / "overlays").iterdir()) == sorted(OVERLAYS)
    for overlay in OVERLAYS:
        assert f"overlays/{overlay}" in GUIDE
