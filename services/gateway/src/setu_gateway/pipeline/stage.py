"""What a stage of the pipeline is, and what a pipeline of them is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from setu_common.contracts import JobRequest, OperationKind, Reference
from setu_gateway.records import DeliveredFile, JobRecord, StageKey, StageRecord

ModelT = TypeVar("ModelT", bound=BaseModel)


class Results:
    """The results of the stages that ended well, for building the requests of those that need them."""

    def __init__(self, results: Mapping[StageKey, BaseModel]) -> None:
        self._results = results

    def of(self, stage: str, model: type[ModelT], target: str = "") -> ModelT:
        """The result of a stage that must have succeeded."""
        result = self.maybe(stage, model, target)
        if result is None:
            raise LookupError(f"stage {stage!r} has no result for target {target!r}")
        return result

    def maybe(self, stage: str, model: type[ModelT], target: str = "") -> ModelT | None:
        """The result of a stage that one can do without."""
        result = self._results.get(StageKey(stage, target))
        if result is not None and not isinstance(result, model):
            raise TypeError(f"stage {stage!r} gives {type(result).__name__}, not {model.__name__}")
        return result


class Media(NamedTuple):
    """A recording, and what it is called."""

    reference: Reference
    name: str


# Any, in kinds and in the functions of their results: a list of stages mixes models; each entry's fit by construction.
Request = Callable[[JobRecord, str, Results], BaseModel]


@dataclass(frozen=True)
class Fallback:
    """Another way to a stage's result, gone where the first has failed for good.

    Args:
        kind: the operation that does it; its result is that of the stage's own kind.
        request: as the stage's.
        targets: the languages that it can do.
        remark: what a caller is told of a result that came this way; the reason is added to it.
    """

    kind: OperationKind[Any, Any]
    request: Request
    targets: frozenset[str]
    remark: str


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline.

    Args:
        name: what callers see.
        needs: the names of the stages whose results it takes. A stage for a target takes those of its own target, or of a
            stage that runs once; a stage that runs once takes all of that name.
        kind: the operation that does it; ``kind.service`` names the port that it is submitted to.
        request: builds the operation's request, a pure function of the job, the target and the results of what it needs.
        wanted: whether a job has this stage, by what is asked for; None: every job has it.
        pointless: why a stage that could run is of no use to a job, by the results of what it needs; empty if it is of use.
        void: why a result that came has nothing in it, so that the stage counts as skipped; empty if it has.
        per_target: runs once for each target language, else once.
        essential: what needs it is impossible without it; False: goes on without.
        advice: what is done without it, of a stage that tells others how to go about it: nothing that was asked for is missing then, so
            where it fails or comes too late it counts as skipped. Empty: it is no such stage.
        weight: its share of a job's time, relative to the others', for the progress bar alone.
        delivers: the files that its result offers to the caller.
        caveats: what is less than asked in a result that is good otherwise.
        remark: what there is to say of a good result, in a few words.
        hears: the recording's language, if its result tells that.
        brings: the recording, if that is its result.
        fallback: what does it where ``kind`` can't.

    Raises:
        ValueError: if the fallback gives another result.
    """

    name: str
    needs: tuple[str, ...]
    kind: OperationKind[Any, Any]
    request: Request
    wanted: Callable[[JobRequest], bool] | None = None
    pointless: Callable[[JobRecord, str, Results], str] | None = None
    void: Callable[[Any], str] | None = None
    per_target: bool = False
    essential: bool = True
    advice: str = ""
    weight: float = 1.0
    delivers: Callable[[Any], tuple[DeliveredFile, ...]] | None = None
    caveats: Callable[[Any], tuple[str, ...]] | None = None
    remark: Callable[[Any], str] | None = None
    hears: Callable[[Any], str] | None = None
    brings: Callable[[Any], Media] | None = None
    fallback: Fallback | None = None

    def __post_init__(self) -> None:
        if self.fallback is not None and self.fallback.kind.result is not self.kind.result:
            raise ValueError(f"the fallback of stage {self.name!r} gives another result")

    def way(self, record: StageRecord) -> "Stage | Fallback":
        """What does the work now: the stage's own kind, or its fallback's once that has failed."""
        return self.fallback if record.detour is not None and self.fallback is not None else self

    def services(self, target: str) -> tuple[str, ...]:
        """Where operations that do it for a target may lie."""
        if self.fallback is None or target not in self.fallback.targets:
            return (self.kind.service,)
        return tuple(dict.fromkeys((self.kind.service, self.fallback.kind.service)))


class Pipeline:
    """Stages in an order in which each comes behind what it needs.

    Args:
        stages: the entries.

    Raises:
        ValueError: if a stage needs one that does not come before it.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        known: set[str] = set()
        for stage in self.stages:
            if missing := set(stage.needs) - known:
                raise ValueError(f"stage {stage.name!r} needs {sorted(missing)}, which must come before it")
            known.add(stage.name)

    def keys(self, request: JobRequest) -> Iterator[StageKey]:
        """All stages of a job that asks for this, in order."""
        for stage in self.stages:
            if stage.wanted is None or stage.wanted(request):
                for target in request.target_languages if stage.per_target else ("",):
                    yield StageKey(stage.name, target)

    def stage(self, key: StageKey) -> Stage:
        """The entry that a stage of a job belongs to.

        Raises:
            LookupError: if there is none, as for a job of a later release.
        """
        for stage in self.stages:
            if stage.name == key.stage and stage.per_target == bool(key.target):
                return stage
        raise LookupError(f"the pipeline has no stage {key}")

    def needs(self, key: StageKey, keys: Sequence[StageKey]) -> tuple[StageKey, ...]:
        """Which of a job's stages one of them needs."""
        names = self.stage(key).needs
        if not key.target:
            return tuple(other for other in keys if other.stage in names)
        return tuple(other for other in keys if other.stage in names and other.target in ("", key.target))

    def way_to(self, target: str, keys: Sequence[StageKey]) -> tuple[StageKey, ...]:
        """The stages of a job that a delivery for ``target`` goes through; an empty target means the source captions."""
        way: set[StageKey] = set()
        ahead = [key for key in keys if key.target == target and self.stage(key).delivers]
        while ahead:
            key = ahead.pop()
            way.add(key)
            ahead.extend(self.needs(key, keys))
        return tuple(key for key in keys if key in way)
