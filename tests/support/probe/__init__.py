"""A service for tests: operations that do nothing, sleep, hang, swallow their cancellation or kill their process."""

from setu_common.starting import begin

begin()
