"""Turn what goes wrong into words on standard error and an exit code, and the work of long files into a progress bar."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from matcher.errors import Fault, MatcherError, RuleSetError
from matcher.rulefile import RuleFileError
from matcher.ruleset import RuleSet, Validate

__all__ = [
    "BROKEN_PIPE",
    "EXIT_CODES",
    "FINDINGS",
    "OK",
    "REFUSED",
    "Progress",
    "compile_rules",
    "forget_output",
    "guarded",
    "output_is_full",
    "printable",
    "progress_bar",
    "say",
    "write",
]

OK: Final = 0
FINDINGS: Final = 1
REFUSED: Final = 2
_INTERRUPTED: Final = 130
_FULL: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
BROKEN_PIPE: Final = 141
EXIT_CODES: Final = (
    "Exit codes: 0; 1 for findings, refused events, or a rule that does not match (explain); "
    "2 for a wrong call, a file that can't be read, or rules that don't compile."
)

_LONG: Final = 64 << 20  # bytes from which on progress is shown
_SHOWN: Final = 0.1  # seconds between two changes of it
_UNPRINTABLE: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd") | {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in b"\t\n"
}


class Progress(Protocol):
    """What is told of more bytes taken, and more events matched."""

    def __call__(self, size: int, /, *, events: int) -> None: ...


class _Refused(Exception):
    """The work can't be done, and why was said."""


def guarded(work: Callable[[], int]) -> int:
    """Do the work and give its exit code, or that of what kept it from ending."""
    try:
        code = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        forget_output()
        return BROKEN_PIPE
    except _Refused:
        return REFUSED
    except RuleFileError as error:
        _say_faults(printable(error.file), error.faults)
        return REFUSED
    except OSError as error:
        if output_is_full(error):
            forget_output()
            say(f"standard output: {error.strerror}")
        else:
            say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return REFUSED
    except (MatcherError, LookupError) as error:
        say(str(error.args[0] if isinstance(error, LookupError) else error))
        return REFUSED
    return code


def output_is_full(error: OSError) -> bool:
    """Tell whether it was standard output that took no more: files are named in their errors."""
    return error.filename is None and error.errno in _FULL


def forget_output() -> None:
    """Let what is buffered for standard output be lost quietly when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _say_faults(where: str, faults: Iterable[Fault]) -> None:
    for fault in faults:
        say(f"{where}: {fault}")


def say(text: str) -> None:
    """Write a line to standard error."""
    print(f"matcher: {printable(text)}", file=sys.stderr)


def write(data: bytes) -> None:
    """Write bytes to standard output, now."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def printable(text: str) -> str:
    """Give text that any stream takes and no terminal obeys.

    Surrogates, and bytes of file names that are no characters, become U+FFFD; control characters become their
    escapes, all but tab and newline.
    """
    return text.translate(_UNPRINTABLE)


def compile_rules(file: str, rules: Iterable[tuple[str, str]], validate: Validate = "strict") -> RuleSet[str]:
    """Compile the rules of a file; where any can't be, say every fault of each, and end the work."""
    try:
        return RuleSet(rules, validate=validate)
    except RuleSetError as error:
        for name, inner in error.errors.items():
            _say_faults(f"{printable(file)}: rule {name!r}", inner.faults)
        raise _Refused from None


@contextmanager
def progress_bar(paths: Iterable[str], *, quiet: bool) -> Iterator[Progress | None]:
    """Show bytes and events done on standard error, if it is a terminal and the files are long.

    Gives what is to be told of progress; None where nothing is shown.
    """
    try:
        total = sum(Path(path).stat().st_size for path in paths)
    except OSError:
        total = 0  # of standard input, or of nothing
    if quiet or total < _LONG or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total, rate="")
        began = time.monotonic()
        shown = 0.0
        done = taken = 0

        def more(size: int, /, *, events: int) -> None:
            nonlocal done, taken, shown
            done += events
            taken += size
            now = time.monotonic()
            if now - shown >= _SHOWN:
                shown = now
                progress.update(task, completed=taken, rate=f"{done / max(now - began, 1e-6):,.0f} events/s")

        yield more
