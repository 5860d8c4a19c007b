"""A service whose operations make calls that cost, to be killed while it does."""

from setu_common.starting import begin

begin()
