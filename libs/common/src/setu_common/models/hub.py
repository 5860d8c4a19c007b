"""Models whose files lie on the Hugging Face hub. Its own settings (HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE …) hold."""

import shutil
from collections.abc import Callable
from inspect import signature
from pathlib import Path

from setu_common.models.entries import HubSource, Model
from setu_common.models.fetching import OnBytes, SourceFailed

CONNECT_TIMEOUT_S = 10.0


def fetch_hub(source: HubSource, model: Model, into: Path, on_bytes: OnBytes) -> None:
    """Download the model's files into ``into``.

    Raises:
        SourceFailed: the hub can't be reached, or lacks a file.
        OSError: the disk is full or can't be written.
    """
    import huggingface_hub  # noqa: PLC0415 slow to import, and needed only here
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, XetDownloadError  # noqa: PLC0415
    from tqdm import tqdm  # type: ignore[import-untyped]  # noqa: PLC0415 the hub's client tells its progress this way

    done = 0

    class Progress(tqdm):  # type: ignore[misc]
        """Counts bytes over all files, silently."""

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **(options | {"disable": True}))

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal done
            done += int(n or 0)
            on_bytes(min(done, model.bytes))
            return None

    # Clients before 1.0, which whisperx holds on to, take no such class: then the bytes are told file by file.
    download: Callable[..., object] = huggingface_hub.hf_hub_download
    telling = {"tqdm_class": Progress} if "tqdm_class" in signature(download).parameters else {}
    try:
        for file in model.files:
            download(
                source.repository,
                file.name,
                revision=source.revision,
                local_dir=into,
                etag_timeout=CONNECT_TIMEOUT_S,
                **telling,
            )
            if not telling:
                done += file.bytes
                on_bytes(done)
    except (HfHubHTTPError, EntryNotFoundError, XetDownloadError, ConnectionError, TimeoutError) as error:
        raise SourceFailed(f"the hub did not give the files ({type(error).__name__})") from error
    finally:
        shutil.rmtree(into / ".cache", ignore_errors=True)
