"""What Setu's work costs and takes."""

from setu_common.starting import begin

begin()
