"""The object store: large payloads, named by what they hold, in a local folder or an S3 bucket."""

from setu_common.store.names import ObjectMissing
from setu_common.store.noting import noted, unnoted
from setu_common.store.store import Store
from setu_common.store.writing import Writer

__all__ = ["ObjectMissing", "Store", "Writer", "noted", "unnoted"]
