"""Why a transcript can't be translated.

* InvalidRequest (422, for good)
  * LanguagePairUnsupported
* SetuError
  * EngineMissing (503, for good): the engine that was asked for is not there, or can't be used as it is
  * LlmRefused (502, for good): the language model's server does not accept what this service sends

A server that does not answer, not now or not in time, is a DependencyUnavailable; a model that is not here a ModelMissing.
"""

from setu_common.errors import InvalidRequest, SetuError


class LanguagePairUnsupported(InvalidRequest):
    """The engine can't translate from this language, or into that one."""

    code = "language-pair-unsupported"
    title = "This service can't translate between these languages"


class EngineMissing(SetuError):
    """The engine is not installed on this worker, or what is installed can't be loaded."""

    code = "translation-engine-missing"
    title = "The translation engine is not installed"
    status = 503


class LlmRefused(SetuError):
    """The language model's server refuses: its key, its quota, its model's name or its version is not what it should be."""

    code = "llm-refused"
    title = "The language model's server refuses the request"
    status = 502
