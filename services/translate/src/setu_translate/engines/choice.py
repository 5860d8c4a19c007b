"""Which engines translate between two languages, in which order."""

from collections.abc import Mapping, Sequence

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.errors import SetuError
from setu_common.models import ModelMissing
from setu_translate.engines.translator import Translator
from setu_translate.errors import EngineMissing, LanguagePairUnsupported


class Engines:
    """The engines that this worker has.

    Args:
        installed: by name.
        order: names, the preferred one first; for requests that name none.
    """

    def __init__(self, installed: Mapping[str, Translator], order: Sequence[str]) -> None:
        self._installed = dict(installed)
        self._order = tuple(order)

    def choose(self, wanted: str | None, source_language: str, target_language: str) -> tuple[Translator, ...]:
        """Engines that can translate between these languages, in the order in which they are to be tried; at least one.

        Args:
            wanted: the engine that was asked for: that one and no other.
            source_language: a language code.
            target_language: another.

        Raises:
            LanguagePairUnsupported, EngineMissing, ModelMissing: no engine can, and why not.
        """
        if wanted is not None:
            engine = self._named(wanted)
            engine.check(source_language, target_language)
            return (engine,)
        able: list[Translator] = []
        unable: dict[str, SetuError] = {}
        for name in self._order:
            try:
                engine = self._named(name)
                engine.check(source_language, target_language)
                able.append(engine)
            except (LanguagePairUnsupported, EngineMissing, ModelMissing) as error:
                unable[name] = error
        if not able:
            raise _of_all(unable, source_language, target_language)
        return tuple(able)

    def _named(self, name: str) -> Translator:
        if name not in self._installed:
            raise EngineMissing(f"This worker has no engine {name!r}; it has {', '.join(self._installed)}.")
        return self._installed[name]


def _of_all(errors: Mapping[str, SetuError], source_language: str, target_language: str) -> SetuError:
    """Why none can: what would help first, if anything would."""
    if len(errors) == 1:
        return next(iter(errors.values()))
    told = " ".join(f"{name}: {error.detail}" for name, error in errors.items())
    detail = f"No engine translates from {LANGUAGE_NAMES[source_language]} into {LANGUAGE_NAMES[target_language]}. {told}"
    if all(isinstance(error, LanguagePairUnsupported) for error in errors.values()):
        return LanguagePairUnsupported(detail)
    return EngineMissing(detail)
