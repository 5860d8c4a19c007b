"""Objects in an S3 bucket, or in anything that speaks S3. The endpoint comes from the usual ``AWS_*`` variables."""

import tempfile
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.store import S3Store
from pydantic import SecretStr

from setu_common.store.backend import StoredFile
from setu_common.store.bucket_failures import suppressed_beyond_end, translated_bucket_errors
from setu_common.store.bucket_writing import BucketSink

if TYPE_CHECKING:  # obstore has them for type checkers only
    from obstore import GetOptions
    from obstore.store import ClientConfig, RetryConfig, S3Config

BATCH: Final = 500
COPY_CHUNK_BYTES: Final = 4 << 20

# A transfer may take long; a silence may not. Whether the endpoint is spoken to in clear is said by its URL.
CLIENT: Final["ClientConfig"] = {
    "allow_http": True,
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=30),
    "timeout": timedelta(hours=2),
}
# What fails at the network or with 5xx, such as SlowDown, is sent again after pauses that grow from half a second, with jitter.
RETRY: Final["RetryConfig"] = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=10), "base": 2},
}


class BucketBackend:
    """Objects below a prefix of a bucket.

    The parts of uploads whose process was killed can be cleared away by the bucket itself only: give it a lifecycle rule that aborts
    incomplete multipart uploads after a day.

    Args:
        bucket: its name.
        prefix: put before every path; may be empty.
        access_key_id: who asks; None: whom the machine's role says.
        secret_access_key: of that one.
        session_token: of the two, where they are good for a time only.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        access_key_id: SecretStr | None = None,
        secret_access_key: SecretStr | None = None,
        session_token: SecretStr | None = None,
    ) -> None:
        who: S3Config = {}
        if access_key_id is not None and secret_access_key is not None:
            who = {"access_key_id": access_key_id.get_secret_value(), "secret_access_key": secret_access_key.get_secret_value()}
            if session_token is not None and session_token.get_secret_value():
                who["session_token"] = session_token.get_secret_value()
        self._objects = S3Store(bucket, prefix=prefix or None, config=who, client_options=CLIENT, retry_config=RETRY)
        # A probe is asked again soon, and is not to wait.
        once: RetryConfig = {"max_retries": 0}
        self._probed = S3Store(bucket, prefix=prefix or None, config=who, client_options=CLIENT, retry_config=once)

    def sink(self, incoming: str, final: Callable[[str], str], media_type: str) -> BucketSink:
        """Begin an object."""
        return BucketSink(self._objects, incoming, final, media_type)

    async def read(self, path: str) -> bytes:
        """All of an object."""
        with translated_bucket_errors(path):
            result = await obstore.get_async(self._objects, path)
            return bytes(await result.bytes_async())

    async def stream(self, path: str, chunk_bytes: int, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """An object, or a part of it, in chunks of at least ``chunk_bytes``, but the last."""
        if stop is not None and stop <= start:
            return
        with translated_bucket_errors(path), suppressed_beyond_end():
            result = await obstore.get_async(self._objects, path, options=_part(start, stop))
            async for chunk in result.stream(min_chunk_size=chunk_bytes):
                yield bytes(chunk)

    @asynccontextmanager
    async def file(self, path: str) -> AsyncIterator[Path]:
        """A temporary copy."""
        with tempfile.NamedTemporaryFile(prefix="setu-") as copy:
            async for chunk in self.stream(path, COPY_CHUNK_BYTES):
                await to_thread(copy.write, chunk)
            await to_thread(copy.flush)
            yield Path(copy.name)

    async def delete(self, paths: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error."""
        if paths:
            with translated_bucket_errors():
                await obstore.delete_async(self._objects, list(paths))

    async def folders(self, path: str) -> list[str]:
        """The names of what would be the folders below a path."""
        with translated_bucket_errors():
            listing = await obstore.list_with_delimiter_async(self._objects, path)
            return sorted(folder.rsplit("/", 1)[-1] for folder in listing["common_prefixes"])

    async def files(self, path: str) -> AsyncIterator[list[StoredFile]]:
        """The objects below a path, in batches."""
        with translated_bucket_errors():
            async for batch in obstore.list(self._objects, prefix=path, chunk_size=BATCH):
                yield [StoredFile(path=each["path"], modified_at=each["last_modified"]) for each in batch]

    async def prune(self, path: str) -> None:
        """Nothing: a bucket has no folders."""

    async def check(self, path: str) -> None:
        """Return if the bucket answers."""
        with translated_bucket_errors():
            await obstore.list_with_delimiter_async(self._probed, f"{path}/check")


def _part(start: int, stop: int | None) -> "GetOptions":
    if stop is not None:
        return {"range": (start, stop)}
    return {"range": {"offset": start}} if start else {}
