"""Where a search of `sorn tune` keeps its trials, for several processes at once."""

import json
import os
import threading

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def storage_at(optuna, where: str):
    """The storage of a search: a file of its own, or where an URL says."""
    if "://" in where:
        return where
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    folder = os.path.dirname(where) or "."
    if not os.path.isdir(folder):
        raise ValueError(f"--storage: expected a file in a directory that exists; {folder} does not")
    # Whatever the working directory is later on.
    where = os.path.abspath(where)
    try:
        return JournalStorage(JournalFileBackend(where, lock_obj=None if fcntl is None else _Lock(where)))
    except (json.JSONDecodeError, KeyError) as error:
        raise ValueError(
            f"{where}: expected a journal of Optuna's, found a damaged line ({error})"
        ) from error


class First:
    """Whether this process is the only one that searches in a directory; the system frees what it holds if it is killed."""

    def __init__(self, directory: str):
        self.held = True
        if fcntl is not None:
            self.file = open(os.path.join(directory, "search.flock"), "a")  # noqa: SIM115
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.held = False


class _Lock:
    """A lock that the system frees if its process is killed; Optuna's own stays, and keeps the others waiting."""

    def __init__(self, journal: str):
        self.journal, self.held = journal, threading.local()

    def acquire(self) -> bool:
        self.held.file = open(self.journal + ".flock", "a")  # noqa: SIM115
        fcntl.flock(self.held.file, fcntl.LOCK_EX)
        self._mend()
        return True

    def release(self) -> None:
        self.held.file.close()

    def _mend(self):
        """Take away a last line without its end: a full disk or a kill left it, and what is written after it would be lost with it."""
        try:
            file = open(self.journal, "r+b")  # noqa: SIM115
        except FileNotFoundError:
            return
        with file:
            size = at = file.seek(0, os.SEEK_END)
            while at > 0:
                begin = max(0, at - 4096)
                file.seek(begin)
                if (end := file.read(at - begin).rfind(b"\n")) >= 0:
                    at = begin + end + 1
                    break
                at = begin
            if at < size:
                file.truncate(at)
