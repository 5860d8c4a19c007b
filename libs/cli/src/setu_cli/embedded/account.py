"""The account that a server runs under when Setu runs as root, since Postgres refuses to be root.

The account is ``nobody``. Where it may not enter the folders it needs (a virtual environment or a data folder under a closed
``/root``), the process keeps the one capability that lets it pass, CAP_DAC_OVERRIDE; no folder's permissions are widened.
"""

import ctypes
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1
"""Source: linux/prctl.h, linux/capability.h."""

_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """Who a process runs as.

    Args:
        uid: user id.
        gid: group id; supplementary groups are dropped.
        passes_closed_folders: keep CAP_DAC_OVERRIDE.
    """

    uid: int
    gid: int
    passes_closed_folders: bool = False


def unprivileged_account(needs: Iterable[Path]) -> Account | None:
    """The account to run a server under, or None when Setu itself is not root and the server can run as it is.

    Args:
        needs: existing folders and files that the account must reach.

    Raises:
        PermissionError: the account can't reach one of them, with words that say which and what to do.
        LookupError: there is no account named ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise LookupError("Postgres can't run as root and there is no user 'nobody'; run setu as an ordinary user") from None
    closed = next((closed for path in needs if (closed := _closed_folder(path, entry.pw_uid, entry.pw_gid))), None)
    if closed is not None and not _may_lend_override():
        raise PermissionError(
            f"Postgres can't run as root, and the user 'nobody' may not enter {closed}; run setu as an ordinary user, or keep the "
            "virtual environment and the data folder (--home) where every user may enter, such as /opt and /var/lib/setu"
        )
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, passes_closed_folders=closed is not None)


def become(account: Account) -> None:
    """Turn this process, which must be root, into the account. For a child between fork and exec."""
    if account.passes_closed_folders:
        _check(_LIBC.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.passes_closed_folders:
        _keep_only(_CAP_DAC_OVERRIDE)


def _keep_only(capability: int) -> None:
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _check(_LIBC.capset(header, effective_permitted_inheritable))
    _check(_LIBC.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _may_lend_override() -> bool:
    status = Path("/proc/self/status").read_text()
    permitted = next(line.split()[1] for line in status.splitlines() if line.startswith("CapPrm:"))
    return bool(int(permitted, 16) & (1 << _CAP_DAC_OVERRIDE))


def _closed_folder(path: Path, uid: int, gid: int) -> Path | None:
    """The first of ``path`` and the folders above it that the account may not read and pass."""
    resolved = path.resolve()
    for part in (resolved, *resolved.parents):
        status = part.stat()
        is_last = part == resolved
        wanted = (stat.S_IROTH | stat.S_IXOTH) if is_last else stat.S_IXOTH
        if status.st_uid == uid:
            wanted <<= 6
        elif status.st_gid == gid:
            wanted <<= 3
        if status.st_mode & wanted != wanted:
            return part
    return None
