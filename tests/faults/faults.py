"""Ways to break things."""

import os
import random
import subprocess
from contextlib import contextmanager

import pytest


def truncate(content):
    """Return the first half, as after a crash of the file system."""
    return content[: len(content) // 2]


def flip_a_bit(content):
    """Return the content with one bit flipped among the data: they come last, but in parquet first.

    A parquet file ends with a description of them, and nobody reads all of that.
    """
    damaged = bytearray(content)
    damaged[len(content) // 20 if content.startswith(b"PAR1") else len(content) * 5 // 6] ^= 1
    return bytes(damaged)


def damage(path, how):
    """Damage a file in silence: its times stay as they were."""
    times = path.stat()
    path.write_bytes(how(path.read_bytes()))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def limited_disk(folder, size):
    """Mount a small file system on a folder; yield a function that makes it larger."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        yield lambda more: subprocess.run(["mount", "-o", f"remount,size={more}", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)


def moments(seed, count, highest):
    """Return sorted random numbers of finished files at which to strike."""
    return sorted(random.Random(seed).randrange(highest) for _ in range(count))
