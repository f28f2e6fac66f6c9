"""The names of `matcher.offline` come when they are asked for, and are what they say whatever was imported before."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

from matcher import offline


def test_every_name_is_there() -> None:
    for name in offline.__all__:
        assert not isinstance(getattr(offline, name), ModuleType), name
    assert set(offline.__all__) == set(offline._HOMES)
    assert set(offline.__all__) <= set(dir(offline))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        offline.nothing  # noqa: B018


def test_no_module_hides_a_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(offline.__path__)}
    assert not modules & set(offline.__all__)
    for name in modules:
        importlib.import_module(f"matcher.offline.{name}")
    assert callable(offline.scan)


def test_a_scan_loads_nothing_of_the_other_verbs() -> None:
    code = (
        "import sys, matcher.cli.scan\n"
        "print([name for name in sys.modules if name in ('matcher.explain', 'matcher.offline.difference', 'yaml')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
