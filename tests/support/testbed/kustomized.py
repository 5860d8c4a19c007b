"""Renders deploy/kubernetes: what `kubectl kustomize` does, as far as those files ask for it, so that no cluster's tools are needed.

Names of generated maps stay as they are written; Kustomize puts a hash behind them.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

Json = dict[str, Any]  # Any: YAML

# Of lists that are merged the key of their entries; other lists are taken whole. Source: Kubernetes' API, `patchMergeKey`.
_KEYS: Final = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "topologySpreadConstraints": "topologyKey",
}
_KNOWN: Final = {"apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "patches"}


def rendered(folder: Path) -> list[Json]:
    """What a folder with a kustomization.yaml comes to.

    Raises:
        ValueError: it asks for something that is not known here.
    """
    made: list[Json] = []
    _apply(folder, made)
    return made


def _apply(folder: Path, made: list[Json]) -> None:
    asked = yaml.load((folder / "kustomization.yaml").read_text(), yaml.CSafeLoader)
    if unknown := asked.keys() - _KNOWN:
        raise ValueError(f"{folder}: {sorted(unknown)} are not rendered here")
    for name in asked.get("resources", []):
        if (folder / name).is_dir():
            _apply(folder / name, made)
        else:
            made.extend(yaml.load_all((folder / name).read_text(), yaml.CSafeLoader))  # in a tenth of the time
    for name in asked.get("components", []):
        _apply(folder / name, made)
    for generator in asked.get("configMapGenerator", []):
        _generate(folder, generator, made)
    for patch in asked.get("patches", []):
        _patch(folder, patch, made)
    for each in made:
        if "namespace" in asked and each["kind"] != "Namespace":
            each["metadata"]["namespace"] = asked["namespace"]


def _generate(folder: Path, generator: Json, made: list[Json]) -> None:
    lines = [line for name in generator.get("envs", []) for line in (folder / name).read_text().splitlines()]
    pairs = [line.split("=", 1) for line in [*lines, *generator.get("literals", [])] if line and not line.startswith("#")]
    data = dict(pairs)
    if generator.get("behavior") == "merge":
        (known,) = (each for each in made if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", generator["name"]))
        known["data"].update(data)
    else:
        metadata = {"name": generator["name"], **generator.get("options", {})}
        made.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _patch(folder: Path, patch: Json, made: list[Json]) -> None:
    change = yaml.load(patch["patch"] if "patch" in patch else (folder / patch["path"]).read_text(), yaml.CSafeLoader)
    for each in [each for each in made if _is_meant(each, patch["target"])]:
        if isinstance(change, list):
            for step in change:
                _replace(each, step)
        else:
            told = {key: value for key, value in change.items() if key not in ("apiVersion", "kind", "metadata")}
            _merge(each, copy.deepcopy(told))


def _is_meant(resource: Json, target: Json) -> bool:
    labels = resource["metadata"].get("labels", {})
    return (
        resource["kind"] == target.get("kind", resource["kind"])
        and resource["metadata"]["name"] == target.get("name", resource["metadata"]["name"])
        and all(labels.get(key) in values for key, values in _selected(target.get("labelSelector", "")))
    )


def _selected(selector: str) -> Iterator[tuple[str, list[str]]]:
    """``a=b`` and ``a in (b, c)``."""
    if match := re.fullmatch(r"(\S+) in \((.*)\)", selector):
        yield match[1], match[2].split(", ")
    elif selector:
        key, _, value = selector.partition("=")
        yield key, [value]


def _replace(resource: Json, step: Json) -> None:
    if step["op"] != "replace":
        raise ValueError(f"{step} is not rendered here")
    *way, last = step["path"].strip("/").split("/")
    for name in way:
        resource = resource[name]
    resource[last] = step["value"]


def _merge(old: Json, new: Json) -> None:
    """A strategic merge: maps are merged, lists by the key of their entries, and null takes away."""
    for name, value in new.items():
        if value is None:
            old.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            _merge(old[name], value)
        elif isinstance(value, list) and name in _KEYS and name in old:
            key = _KEYS[name]
            known = {entry[key]: entry for entry in old[name]}
            for entry in value:
                if entry[key] in known:
                    _merge(known[entry[key]], entry)
                else:
                    old[name].append(_without_nulls(entry))
        else:
            old[name] = _without_nulls(value)


def _without_nulls(value: Any) -> Any:  # Any: YAML
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value
