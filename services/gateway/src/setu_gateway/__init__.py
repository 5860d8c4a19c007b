"""The edge of Setu: jobs come in here, the pipeline moves them on, and their subtitles are fetched from here."""

from setu_common.starting import begin

begin()
