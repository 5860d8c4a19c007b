"""What is known of a recording's sound before anyone listens to its words."""

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.language import LanguageCode
from setu_common.contracts.reference import Reference


class LanguageWindow(Contract):
    """The language that is spoken in one stretch of a recording."""

    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)
    language: LanguageCode
    probability: float = Field(ge=0, le=1)


class AudioProfile(Contract):
    """A recording's sound in figures. What can't be told of it (silence has no signal-to-noise ratio) is None."""

    duration_s: float = Field(ge=0)
    track: str = Field(description="The audio track that was chosen: its number, codec, channels, language and title")
    loudness_lufs: float | None = Field(default=None, description="Integrated loudness (ITU-R BS.1770-4)")
    peak_dbfs: float | None = None
    clipping_ratio: float = Field(ge=0, le=1, description="Share of samples at the rails, in runs")
    bandwidth_hz: float | None = Field(default=None, ge=0, description="Below it lies 99 % of the energy of speech")
    speech_ratio: float = Field(ge=0, le=1)
    snr_db: float | None = Field(default=None, description="Speech to what is between it; WADA where there is nothing between")
    music_ratio: float = Field(ge=0, le=1)
    speech_rate_sps: float | None = Field(default=None, ge=0, description="Syllables a second of speech")
    speaker_count: int | None = Field(default=None, ge=1)
    language: LanguageCode | None = None
    language_probability: float | None = Field(default=None, ge=0, le=1)
    languages: tuple[LanguageWindow, ...] = ()


class ProfileRequest(Contract):
    """Take a recording's measure; ``language`` is the one that the caller knows."""

    media: Reference
    language: LanguageCode | None = None


class ProfileResult(Contract):
    """The measure, and the decoded sound, so that nobody has to open the media again.

    ``audio`` is a WAV file: 16 kHz, mono, 16 bits.
    """

    profile: AudioProfile
    audio: Reference
    model_time_s: float = Field(ge=0, description="Wall time inside models, loading included")
    model_load_s: float | None = Field(default=None, ge=0, description="Of model_time_s: loading; 0 where it was in memory")
