"""Every public name is there, and is loaded when it is first used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import matcher
import matcher.router

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("package", [matcher, matcher.router], ids=lambda package: package.__name__)
def test_every_public_name_is_there(package) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        package.Nothing  # noqa: B018


def test_a_part_of_the_router_loads_no_other() -> None:
    code = "import sys, matcher.router.report; print('matcher.router.router' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
