"""What tests of Setu and of its users need: servers on loopback."""

from setu_common.testing.loopback import loopback, raw_loopback

__all__ = ["loopback", "raw_loopback"]
