"""The right model for each recording, learned from measured errors, and names and terms remembered across episodes."""

from setu_common.starting import begin

begin()
