"""Files that are written whole or not at all."""

import os
import tempfile

import numpy as np


def write_whole(path, write):
    """Let `write` write a temporary file beside `path`, which then takes its place."""
    folder, name = os.path.split(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=os.path.splitext(name)[1], dir=folder)
    try:
        os.close(handle)
        write(temporary)
        # As an ordinary file would have been made.
        os.umask(mask := os.umask(0))
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def save_npz(path, arrays):
    """Save arrays as NPZ under just this name."""

    def write(temporary):
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)

    write_whole(path, write)


def load_npz(path) -> dict:
    """Arrays by name; ValueError for whatever is not whole."""
    try:
        # Opened here: NumPy leaves a file open that it cannot read.
        with open(path, "rb") as whole, np.load(whole, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Of zipfile, zlib, NumPy, each with exceptions of its own.
        found = f"{os.fspath(path)}, which is no whole NPZ file ({error})"
        raise ValueError(f"path: expected what `save` saved, found {found}") from error
