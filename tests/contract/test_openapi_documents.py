"""docs/openapi is what the services really offer."""

import json

from testbed.openapi import documents, environment
from testbed.sources import ROOT

FOLDER = ROOT / "docs" / "openapi"
AS_OPENAI_TELLS_IT = "/v1/audio/"


def test_the_committed_documents_are_not_stale(monkeypatch, tmp_path):
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    current = documents()
    assert {path.stem for path in FOLDER.glob("*.json")} == current.keys(), "run `make openapi`"
    stale = [name for name, text in current.items() if (FOLDER / f"{name}.json").read_text() != text]
    assert stale == [], "run `make openapi`"


def test_every_answer_to_a_mistake_is_a_problem_or_has_openais_shape():
    for path in FOLDER.glob("*.json"):
        for route, methods in json.loads(path.read_text())["paths"].items():
            for method, operation in methods.items():
                told = "application/json" if route.startswith(AS_OPENAI_TELLS_IT) else "application/problem+json"
                errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
                wrong = [status for status, answer in errors.items() if set(answer["content"]) != {told}]
                assert wrong == [], f"{path.stem}: {method} {route}"


def test_every_reference_inside_a_document_leads_somewhere():
    for path in FOLDER.glob("*.json"):
        document = json.loads(path.read_text())
        assert [reference for reference in references(document) if not resolves(document, reference)] == [], path.stem


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolves(document, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return reference.startswith("#/")
