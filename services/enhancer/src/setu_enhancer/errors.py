"""Why lines can't be edited or scored.

That nobody can be asked is not an error: lines keep their drafts, and the answer says why. What languages the service knows little of are
edited all the same. A transcript that is gone is an ObjectMissing, one that does not belong to its translation a LinesDiffer.

* InvalidRequest (422, for good)
  * LinesDiffer
"""

from setu_common.errors import InvalidRequest


class LinesDiffer(InvalidRequest):
    """The transcript and the translation are not of the same segments."""

    code = "lines-differ"
    title = "The transcript and its translation do not have the same segments"
