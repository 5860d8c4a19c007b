"""What can go wrong with plans, and with what jobs teach, by name.

* Plans
  * PlanMissing (404)
* Corrections
  * CorrectionMissing (422)     · CorrectionUnreadable (422) · CorrectionTooLarge (413)     · CorrectionDoesNotFit (422)
  * LearningRefused (409)
* Handing lessons on
  * LessonNotTaken (503, retryable)
"""

from setu_common.errors import Conflict, DependencyUnavailable, InvalidRequest, NotFound, PayloadTooLarge


class PlanMissing(NotFound):
    """The job has no plan, or not yet."""

    code = "plan-missing"
    title = "There is no plan of this job"


class CorrectionMissing(InvalidRequest):
    """No subtitles came, or none with any text."""

    code = "correction-missing"
    title = "There are no subtitles to learn from"


class CorrectionUnreadable(InvalidRequest):
    """What came is no subtitle file in UTF-8, or one of a format that is not read."""

    code = "subtitles-unreadable"
    title = "The subtitles can't be read"


class CorrectionTooLarge(PayloadTooLarge):
    """More bytes, or more cues, than any film has."""

    code = "correction-too-large"
    title = "The subtitles are larger than allowed"


class CorrectionDoesNotFit(InvalidRequest):
    """The subtitles are not of this recording: their times lie outside of it."""

    code = "correction-does-not-fit"
    title = "The subtitles do not fit the recording"


class LearningRefused(Conflict):
    """The job's caller wanted nothing to be learned of it, or its tenant does."""

    code = "learning-refused"
    title = "Nothing may be learned from this job"


class LessonNotTaken(DependencyUnavailable):
    """The optimizer does not answer, or answers that it can't take a lesson now."""

    code = "lesson-not-taken"
    title = "The optimizer did not take what is to be learned"
