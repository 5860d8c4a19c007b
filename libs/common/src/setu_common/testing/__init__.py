"""What tests of Setu and of its users need: servers on loopback, which work or fail as they are told, and a clock."""

from setu_common.testing.clock import ManualTime
from setu_common.testing.faulty import Answer, Fault, FaultyWire, Plan, Received, always, faulty_wire, in_order, some
from setu_common.testing.loopback import loopback, raw_loopback

__all__ = [
    "Answer",
    "Fault",
    "FaultyWire",
    "ManualTime",
    "Plan",
    "Received",
    "always",
    "faulty_wire",
    "in_order",
    "loopback",
    "raw_loopback",
    "some",
]
