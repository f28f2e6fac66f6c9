"""Turn a folder into one whose disk can be filled and freed at will: a small file system, or limits of processes."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Bytes of the small file system; a whole run fits.
SIZE = 256 * 1024 * 1024

Fill = Callable[[bool], None]


@contextmanager
def space(folder: Path, processes: Iterable[int]) -> Iterator[Fill]:
    """Give the function that leaves no space (True) or gives it back (False).

    Where a file system can't be mounted, none of the processes may make a file longer than the store's files are.
    """
    folder.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        yield lambda full: _limit(folder, processes, full=full)
        return
    try:
        yield lambda full: _ballast(folder / "ballast", full=full)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _ballast(file: Path, *, full: bool) -> None:
    file.unlink(missing_ok=True)
    if full:
        with file.open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(64 * 1024)):
                    pass
            except OSError:  # no space left: that is what was wanted
                return


def _limit(folder: Path, processes: Iterable[int], *, full: bool) -> None:
    longest = max((path.stat().st_size for path in folder.iterdir()), default=0)
    for process in processes:
        with suppress(ProcessLookupError):  # it has ended
            _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (longest if full else hard, hard))
