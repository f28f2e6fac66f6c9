"""Turn a command line into calls of matcher; it needs the extra `cli`."""

from __future__ import annotations

import sys

__all__ = ["main"]

_LIBRARIES = ("typer", "rich")


def main() -> int:
    """Run the command line; give its exit code: 0, 1 for findings or refused events, 2 for what can't be run."""
    try:
        from matcher.cli.app import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in _LIBRARIES:
            raise
        print("matcher: the command line needs the extra 'cli': pip install 'matcher[cli]'", file=sys.stderr)
        return 2
    return run()
