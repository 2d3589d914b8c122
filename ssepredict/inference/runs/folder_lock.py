"""One run per folder: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ssepredict.exceptions import RankingError

__all__ = ["LOCK_FILE", "locked"]

LOCK_FILE = ".running.json"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; made when it is missing, and removed again when nothing was put there.

    The operating system holds the lock and lets it go when the process ends, so the file that a killed run
    left behind stands in nobody's way. The file itself tells who holds it.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    RankingError
        When another run holds the folder, with its process and machine, or it cannot be written.
    """
    made = not folder.exists()
    path = folder / LOCK_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _open_locked(path)
    except OSError as error:
        raise RankingError(
            f"ranking cannot be written to {folder} ({error.strerror or error}); "
            "name a folder that can be written"
        ) from error
    if handle is None:
        raise RankingError(
            f"{folder} is being written by another run ({_holder(path)}); expected one run per folder: wait "
            "for it, end it, or name another folder"
        )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)
        if made:
            with suppress(OSError):  # something was put there
                folder.rmdir()


def _open_locked(path: Path) -> int | None:
    """Open and lock the file and write who holds it; None when somebody else holds it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _try_lock(handle):
                os.close(handle)
                return None
            # The holder before may have removed the file after it was opened here: then it locks nothing.
            if not path.exists() or not os.path.samestat(os.fstat(handle), path.stat()):
                os.close(handle)
                continue
            holder = {
                "pid": os.getpid(),
                "host": platform.node(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps(holder).encode())
        except OSError:
            os.close(handle)
            raise
        return handle


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "which has just begun or ended"


def _try_lock(handle: int) -> bool:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
