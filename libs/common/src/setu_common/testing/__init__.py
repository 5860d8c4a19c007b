"""What tests of Setu and of its users need: servers on loopback, which work or fail as they are told, and a clock."""

from setu_common.testing.anthropic_wire import AnthropicWire
from setu_common.testing.clock import ManualTime
from setu_common.testing.dialects import Asked, Bill, Charge, Oddity, Reply
from setu_common.testing.faulty import Answer, Fault, FaultyWire, Plan, Received, always, faulty_wire, in_order, some
from setu_common.testing.loopback import loopback, raw_loopback
from setu_common.testing.metering import RecordingMeter
from setu_common.testing.openai_wire import OpenAiWire

__all__ = [
    "Answer",
    "AnthropicWire",
    "Asked",
    "Bill",
    "Charge",
    "Fault",
    "FaultyWire",
    "ManualTime",
    "Oddity",
    "OpenAiWire",
    "Plan",
    "Received",
    "RecordingMeter",
    "Reply",
    "always",
    "faulty_wire",
    "in_order",
    "loopback",
    "raw_loopback",
    "some",
]
