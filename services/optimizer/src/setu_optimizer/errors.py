"""Why a model can't be asked, or can't be had back; what can't be done with an entry of the memory.

* InternalError (500)
  * ModelUnusable
* Conflict (409)
  * NothingEarlier
  * VetoStays
* NotFound (404)
  * EntryNotFound
* InvalidRequest (422)
  * TooLittleToLearnFrom
  * NothingCorrected
  * CorrectionFitsNothing
"""

from setu_common.errors import Conflict, InternalError, InvalidRequest, NotFound


class ModelUnusable(InternalError):
    """A model's files are not what its manifest says, or of another version. Recordings get the default plan."""

    code = "model-unusable"
    title = "The model for predictions can't be used"


class NothingEarlier(Conflict):
    """There is no model before the one that is asked now."""

    code = "nothing-earlier"
    title = "There is no earlier model"


class TooLittleToLearnFrom(InvalidRequest):
    """So few recordings teach nothing that would hold for another."""

    code = "too-little-to-learn-from"
    title = "There is too little to learn from"


class NothingCorrected(InvalidRequest):
    """Corrected subtitles have no words in them."""

    code = "nothing-corrected"
    title = "There are no words in the subtitles"


class CorrectionFitsNothing(InvalidRequest):
    """Corrected subtitles have nothing to do with what they are to correct."""

    code = "correction-fits-nothing"
    title = "The subtitles don't belong to the recording"


class EntryNotFound(NotFound):
    """The memory has no such entry, or it is not this tenant's."""

    code = "entry-not-found"
    title = "There is no such entry"


class VetoStays(Conflict):
    """What people vetoed can't be forgotten: it would come back."""

    code = "veto-stays"
    title = "A vetoed entry is kept"
