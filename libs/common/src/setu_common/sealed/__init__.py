"""Programs that open strangers' files: processes that can open nothing else, end with whoever started them, and can be killed.

``watching`` is for whoever starts one; ``giving_up`` is for the process itself, and imports nothing but the standard library.
"""
