"""Why a recording can't be transcribed.

* InvalidRequest (422, for good)
  * UnusableMedia: about the file
    * MediaEmpty · MediaUnreadable · MediaWithoutAudio · MediaTruncated · MediaTooLong · MediaTooExpensive · NoSpeech
    * DecoderKilled (503, retryable): the process that opened it was ended from outside
  * UnusablePlan: about how it was to be done
  * TranscriptMismatch: about a transcript that is of another recording
* SetuError
  * ScratchFull (507, retryable): the worker's disk
  * PieceFailed: why a piece of a recording that was shared between workers was given up, as its worker said it
  * HostedRefused (502, for good): a hosted recogniser does not accept what this service sends; one that does not answer is a
    DependencyUnavailable
"""

from setu_common.contracts import Problem
from setu_common.errors import InvalidRequest, RemoteProblem, SetuError


class UnusableMedia(InvalidRequest):
    """Something about the file."""

    code = "media-unusable"
    title = "The recording can't be transcribed"


class MediaEmpty(UnusableMedia):
    """There is nothing in it."""

    code = "media-empty"
    title = "The recording is empty"


class MediaUnreadable(UnusableMedia):
    """It is no media file, or too damaged to be opened."""

    code = "media-unreadable"
    title = "The file can't be read as audio or video"


class MediaWithoutAudio(UnusableMedia):
    """It has pictures, perhaps, but no sound."""

    code = "media-without-audio"
    title = "The file has no audio track"


class MediaTruncated(UnusableMedia):
    """A part of it is missing or can't be decoded."""

    code = "media-truncated"
    title = "A part of the recording is missing"


class MediaTooLong(UnusableMedia):
    """It is longer than this service takes."""

    code = "media-too-long"
    title = "The recording is too long"


class MediaTooExpensive(UnusableMedia):
    """Opening it takes more memory or time than any honest file of its size."""

    code = "media-too-expensive"
    title = "The file takes too much memory or time to open"


class DecoderKilled(UnusableMedia):
    """The process that opened it was ended from outside. An attempt is counted, so a file that does this each time ends too."""

    code = "decoder-killed"
    title = "The decoder was ended from outside"
    status = 503
    retryable = True


class NoSpeech(UnusableMedia):
    """Nobody says anything in it."""

    code = "no-speech"
    title = "No speech was found"


class UnusablePlan(InvalidRequest):
    """The plan names an engine, a model or a number format that can't do this here."""

    code = "plan-unusable"
    title = "The recording can't be transcribed in the way that was asked for"


class TranscriptMismatch(InvalidRequest):
    """The transcript was made of another recording."""

    code = "transcript-mismatch"
    title = "The transcript is not of this recording"


class ScratchFull(SetuError):
    """The worker has no room for the decoded audio."""

    code = "scratch-full"
    title = "The worker's disk is full"
    status = 507
    retryable = True


class PieceFailed(RemoteProblem):
    """A piece of the recording was given up. It was tried as often as it may be: trying the whole again changes nothing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.model_copy(update={"retryable": False}))
        self._told = problem

    def problem(self, request_id: str | None = None) -> Problem:
        """The piece's problem, as it was told."""
        return self._told.model_copy(update={"request_id": request_id or self._told.request_id})


class HostedRefused(SetuError):
    """A hosted recogniser refuses: its key, its quota, its model's name or the recording is not what it should be."""

    code = "hosted-recogniser-refused"
    title = "The hosted recogniser refuses the request"
    status = 502
