"""What can go wrong at the edge, by name.

* An upload that can't be taken
  * UnsupportedMediaType (415)  · MalformedUpload (400)   · UploadInterrupted (400) · UploadStalled (408)
  * TooManyUploads (503, retryable)
  * UploadTooLarge (413)        · FieldTooLarge (413)
  * UnknownField (422)          · TooManyFields (422)     · RepeatedField (422)     · PayloadTooLarge (413)
  * MediaMissing (422)          · MediaEmpty (422)        · UnknownLanguage (422)
* Media from a URL, at POST or while it is fetched
  * MediaUrlRefused (422)       · MediaUrlUnresolvable (422, retryable)             · MediaUrlNotFound (422)
  * MediaUrlNotServed (422)     · MediaUrlWrongType (415)                           · MediaUrlTooLarge (413)
  * MediaUrlTooSlow (504)       · MediaUrlUnavailable (503, retryable)
* A webhook's URL, at POST
  * WebhookUrlRefused (422)     · WebhookUrlUnresolvable (422, retryable)
* Jobs
  * JobNotFound (404)           · NothingToRetry (409)    · JobNotEnded (409)       · JobBeingErased (409)
  * KeyNotFreeYet (409, retryable; code as JobBeingErased)
* API keys
  * KeyNotFound (404)
* Subtitles
  * SubtitlesNotReady (409)     · SubtitlesFailed (409)   · SubtitlesNotRequested (404) · UnknownFormat (404)
* The audit of an enhancement
  * EnhancementMissing (404)
* Media with its subtitles in it
  * MediaNotReady (409)         · NothingToMux (409)      · MediaNotMuxable (422)   · MediaTooExpensive (422)
  * MuxerKilled (503, retryable)                          · ScratchFull (507, retryable)
* Telling a webhook
  * WebhooksNotConfigured (422) · WebhookRedirects (422)  · WebhookGone (410)       · WebhookNotTaken (503, retryable)
* Inside the pipeline
  * OperationLost (502)         · StageUnreachable (503, retryable)                 · StageNotTaken (503, retryable)
  * PipelineFailed (500)
"""

from typing import ClassVar

from setu_common.errors import (
    Conflict,
    DeadlineExceeded,
    DependencyUnavailable,
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    SetuError,
)


class UnsupportedMediaType(SetuError):
    """The body is neither a multipart form nor JSON."""

    code = "unsupported-media-type"
    title = "The body must be a multipart form, or JSON"
    status = 415


class MalformedUpload(SetuError):
    """The form, or the JSON, can't be read."""

    code = "malformed-upload"
    title = "The body can't be read"
    status = 400


class UploadInterrupted(SetuError):
    """The client went away before the end. Seen in logs only; there is nobody left to tell."""

    code = "upload-interrupted"
    title = "The upload broke off"
    status = 400


class UploadStalled(SetuError):
    """Nothing came for too long, or next to nothing."""

    code = "upload-stalled"
    title = "The upload stalled"
    status = 408
    retryable = True


class TooManyUploads(DependencyUnavailable):
    """As many uploads are under way as one process takes at once."""

    code = "too-many-uploads"
    title = "Too many uploads are under way"


class UploadTooLarge(PayloadTooLarge):
    """The recording is larger than this gateway takes."""

    code = "upload-too-large"
    title = "The recording is larger than this gateway takes"


class FieldTooLarge(PayloadTooLarge):
    """A form field that is not the file is larger than any sensible value."""

    code = "field-too-large"
    title = "A field of the form is too large"


class UnknownField(InvalidRequest):
    """There is a field that means nothing here; a misspelt one must not be a silence."""

    code = "unknown-field"
    title = "The request has an unknown field"


class TooManyFields(InvalidRequest):
    """The form has more parts than any sensible request."""

    code = "too-many-fields"
    title = "The form has too many fields"


class RepeatedField(InvalidRequest):
    """A field that may come once came twice."""

    code = "repeated-field"
    title = "A field came more than once"


class MediaMissing(InvalidRequest):
    """There is neither a file nor a URL of one."""

    code = "media-missing"
    title = "The request has no recording"


class MediaEmpty(InvalidRequest):
    """The file has no bytes."""

    code = "media-empty"
    title = "The recording is empty"


class UnknownLanguage(InvalidRequest):
    """A language that Setu does not know."""

    code = "unknown-language"
    title = "A language is not known"


class MediaUrlRefused(InvalidRequest):
    """The URL can't be read in one way only, or leads where strangers may not."""

    code = "media-url-refused"
    title = "Setu does not fetch from this URL"


class MediaUrlUnresolvable(InvalidRequest):
    """The URL's host leads nowhere, or not now."""

    code = "media-url-unresolvable"
    title = "The host of the media URL is not known"
    retryable = True


class MediaUrlNotFound(InvalidRequest):
    """There is nothing at the URL."""

    code = "media-url-not-found"
    title = "There is nothing at the media URL"


class MediaUrlNotServed(InvalidRequest):
    """The host does not hand it out."""

    code = "media-url-not-served"
    title = "The host does not hand out what lies at the media URL"


class MediaUrlWrongType(SetuError):
    """What lies at the URL is no recording."""

    code = "media-url-wrong-type"
    title = "What lies at the media URL is no recording"
    status = 415


class MediaUrlTooLarge(PayloadTooLarge):
    """What lies at the URL is larger than this gateway takes."""

    code = "media-url-too-large"
    title = "The recording at the media URL is larger than this gateway takes"


class MediaUrlTooSlow(DeadlineExceeded):
    """The host sends too slowly, or fell silent. Trying again is left to people: it may take as long again."""

    code = "media-url-too-slow"
    title = "The recording at the media URL comes too slowly"
    retryable = False


class MediaUrlUnavailable(DependencyUnavailable):
    """The host does not answer now."""

    code = "media-url-unavailable"
    title = "The host of the media URL does not answer"


class WebhookUrlRefused(InvalidRequest):
    """The webhook's URL can't be read in one way only, or leads where strangers may not."""

    code = "webhook-url-refused"
    title = "Setu does not call this webhook"


class WebhookUrlUnresolvable(InvalidRequest):
    """The webhook's host leads nowhere, or not now."""

    code = "webhook-url-unresolvable"
    title = "The host of the webhook is not known"
    retryable = True


class JobNotFound(NotFound):
    """No such job, or another tenant's."""

    code = "job-not-found"
    title = "There is no such job"


class NothingToRetry(Conflict):
    """All of the job's stages ended well."""

    code = "nothing-to-retry"
    title = "No stage of this job failed"


class JobNotEnded(Conflict):
    """The job is still under way."""

    code = "job-not-ended"
    title = "The job has not ended yet"


class JobBeingErased(Conflict):
    """The job is on its way out."""

    code = "job-being-erased"
    title = "The job is being erased"


class KeyNotFreeYet(JobBeingErased):
    """The job of an idempotency key is on its way out: what comes with the key would go with it, until the key is free again."""

    retryable = True


class KeyNotFound(NotFound):
    """No key has this prefix."""

    code = "key-not-found"
    title = "There is no such key"


class SubtitlesNotReady(Conflict):
    """They will come."""

    code = "subtitles-not-ready"
    title = "These subtitles are not ready yet"


class SubtitlesFailed(Conflict):
    """They were asked for, and could not be made."""

    code = "subtitles-failed"
    title = "These subtitles could not be made"


class SubtitlesNotRequested(NotFound):
    """Nobody asked for this language."""

    code = "subtitles-not-requested"
    title = "This job was not asked for subtitles in that language"


class EnhancementMissing(NotFound):
    """No language model was asked about this translation, or not yet."""

    code = "enhancement-missing"
    title = "There is no enhancement of this translation"


class UnknownFormat(NotFound):
    """No such kind of subtitle file."""

    code = "unknown-format"
    title = "Setu does not write this kind of file"


class MediaNotReady(Conflict):
    """The job is still under way."""

    code = "media-not-ready"
    title = "The media with its subtitles can be made once the job has ended"


class NothingToMux(Conflict):
    """The job has ended without subtitles."""

    code = "nothing-to-mux"
    title = "This job has no subtitles to put into the media"


class MediaNotMuxable(InvalidRequest):
    """Its tracks can't be copied into Matroska."""

    code = "media-not-muxable"
    title = "The subtitles can't be put into this media"


class MediaTooExpensive(InvalidRequest):
    """Copying it takes more memory, room or time than any honest file of its size."""

    code = "media-too-expensive"
    title = "The file takes too much memory, room or time to copy"


class MuxerKilled(DependencyUnavailable):
    """The process that copied it was ended from outside. An attempt is counted, so a file that does this each time ends too."""

    code = "muxer-killed"
    title = "The process that copies media was ended from outside"


class ScratchFull(SetuError):
    """No room on the worker's disk."""

    code = "scratch-full"
    title = "The worker has no room for this file now"
    status = 507
    retryable = True


class WebhooksNotConfigured(InvalidRequest):
    """This gateway has no secret to sign notices with."""

    code = "webhooks-not-configured"
    title = "This gateway does not send webhooks"


class WebhookRedirects(InvalidRequest):
    """The webhook's URL leads elsewhere, and notices don't follow."""

    code = "webhook-redirects"
    title = "The webhook's URL redirects"


class WebhookGone(SetuError):
    """The receiver wants no more notices."""

    code = "webhook-gone"
    title = "The webhook's receiver is gone for good"
    status = 410


class WebhookNotTaken(DependencyUnavailable):
    """The receiver does not answer, or answers that it can't take the notice."""

    code = "webhook-not-taken"
    title = "The webhook's receiver did not take the notice"


class OperationLost(SetuError):
    """A service no longer knows an operation that it was given."""

    code = "operation-lost"
    title = "A service lost the work on this job"
    status = 502
    retryable: ClassVar[bool] = True


class StageUnreachable(DependencyUnavailable):
    """A service did not answer for longer than a job waits for it."""

    code = "stage-unreachable"
    title = "A service that this job needs did not answer for too long"


class StageNotTaken(DependencyUnavailable):
    """A service took a stage's work, and none of its workers did for longer than a job waits for what it can do without."""

    code = "stage-not-taken"
    title = "No worker began with a stage of this job for too long"


class PipelineFailed(InternalError):
    """The machine that moves jobs on stopped over this one."""

    code = "pipeline-failed"
    title = "Setu could not move this job on"
