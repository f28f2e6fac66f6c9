"""Without its library, a connector says which extra brings it; the others do not need it."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARIES = {"httpx": ("http", "http"), "boto3": ("aws", "aws"), "cloudevents": ("cloudevents", "cloudevents")}


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_extra_is_named(library: str) -> None:
    module, extra = LIBRARIES[library]
    others = "\n".join(f"import matcher.connect.{name}" for name, _ in LIBRARIES.values() if name != module)
    code = f"""
import sys
sys.modules[{library!r}] = None
import matcher.connect.log, matcher.connect.conformance
{others}
from matcher.errors import MissingExtra
try:
    import matcher.connect.{module}
except MissingExtra as error:
    print(error.extra)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{extra}\n"


def test_the_log_loads_no_library() -> None:
    code = "import sys, matcher.connect.log; print(*sorted({'httpx', 'boto3', 'cloudevents'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
