"""What a call used, in the classes that are billed apart."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Usage:
    """What one call used. The classes of input tokens don't overlap; providers count them in different ways, so see ``payloads``.

    Args:
        input_tokens: neither read from a cache nor written to one.
        cache_read_tokens: input that was read from a cache.
        cache_write_tokens: input that was written to a cache, to be kept for minutes.
        cache_write_1h_tokens: input that was written to a cache, to be kept for an hour.
        input_audio_tokens: input that was sound, where that is billed in tokens.
        output_tokens: all that came back, thoughts included.
        reasoning_tokens: how many of ``output_tokens`` were thoughts.
        audio_s: of sound that was listened to, seconds.
        cpu_s: of our own processors, seconds.
        gpu_s: of our own GPUs, seconds.

    Raises:
        ValueError: one of them is negative.
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    audio_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise ValueError(f"{field.name} of a usage is negative or no number")

    def __add__(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})

    def __bool__(self) -> bool:
        """Whether anything was used."""
        return any(getattr(self, field.name) for field in fields(self))
