"""Machine translation of transcripts, as durable operations."""

from setu_common.starting import begin

begin()
