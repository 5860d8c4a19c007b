"""Speech to text: a recording in the store becomes a transcript in the store."""

from setu_common.starting import begin

begin()
