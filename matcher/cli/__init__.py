"""Turn a command line into calls of matcher; it needs the extra `cli`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

__all__ = ["main"]

_LIBRARIES = ("typer", "rich")


def main() -> int:
    """Run the command line; give its exit code: 0, 1 for findings or refused events, 2 for what can't be run."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by the caller
            setattr(sys, stream, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # open till the end
    try:
        for library in _LIBRARIES:
            import_module(library)
        from matcher.cli.app import run
        from matcher.cli.terminal import guarded
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _LIBRARIES:
            raise
        print("matcher: the command line needs the extra 'cli': pip install 'matcher[cli]'", file=sys.stderr)
        return 2
    return guarded(run)
