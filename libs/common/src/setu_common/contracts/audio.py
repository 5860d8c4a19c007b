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
    reverberation_s: float | None = Field(
        default=None, ge=0, description="How long sound takes to fall by 60 dB once speech stops, estimated"
    )
    pitch_hz: float | None = Field(default=None, ge=0, description="Median pitch of voiced sound")
    pitch_spread_st: float | None = Field(
        default=None, ge=0, description="Spread of pitch: half of what lies between its 10th and 90th percentile, semitones"
    )
    energy_spread_db: float | None = Field(
        default=None, ge=0, description="Spread of the level of speech: standard deviation over frames"
    )
    language: LanguageCode | None = None
    language_probability: float | None = Field(default=None, ge=0, le=1)
    languages: tuple[LanguageWindow, ...] = ()


class AudioProbe(Contract):
    """What the smallest model makes of a short share of a recording: how hard it is to hear, for seconds of work."""

    model: str
    heard_s: float = Field(ge=0, description="How much of the recording was heard")
    mean_logprob: float | None = Field(default=None, description="Mean log-probability of what was heard, weighted by time")
    low_logprob: float | None = Field(default=None, description="The same of the piece that was heard worst")
    compression_ratio: float | None = Field(
        default=None, ge=0, description="How often the text of a piece repeats itself, at most"
    )
    no_speech_prob: float | None = Field(default=None, ge=0, le=1)
    agreement: float | None = Field(default=None, ge=0, le=1, description="Share of words that two decodings have in common")
    words_per_s: float | None = Field(default=None, ge=0, description="Of speech")
    took_s: float = Field(default=0.0, ge=0, description="Wall time inside the model, loading left out")


class ProfileRequest(Contract):
    """Take a recording's measure; ``language`` is the one that the caller knows."""

    media: Reference
    language: LanguageCode | None = None


class ProfileResult(Contract):
    """The measure, and the decoded sound, so that nobody has to open the media again.

    ``audio`` is a WAV file: 16 kHz, mono, 16 bits.
    """

    profile: AudioProfile
    probe: AudioProbe | None = Field(default=None, description="Absent where nobody speaks, or no probe is set up")
    audio: Reference
    model_time_s: float = Field(ge=0, description="Wall time inside models, loading included")
    model_load_s: float | None = Field(default=None, ge=0, description="Of model_time_s: loading; 0 where it was in memory")
