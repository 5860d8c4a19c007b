"""Putting subtitles into a media file, in a process of its own, which can be killed, and which can open nothing else.

``setu_gateway.delivery.muxing`` starts ``process`` for each file, with an ``Order``. The process binds itself to limits and gives up
the right to open anything (``sealing``), and copies the tracks into a Matroska file that it was handed (``copying``). It reports by
lines of JSON. Nothing in here may import pydantic, or of `setu_common` more than what seals: they would cost each file half a second.
"""
