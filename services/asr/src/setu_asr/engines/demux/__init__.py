"""Opening media in a process of its own, which can be killed, and which can open nothing else.

``setu_asr.engines.demuxer`` starts ``process`` for each file, with an ``Order``. The process binds itself to limits and gives up the
right to open anything (``sealing``), chooses a track (``tracks``) and writes its sound into a file that it was handed (``reading``).
It reports by lines of JSON. Nothing in here may import pydantic, numpy or `setu_common`: they would cost each file half a second.
"""
