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
