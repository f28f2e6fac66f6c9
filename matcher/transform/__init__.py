"""Turn events into what targets receive: `define` reads a target's input settings once and gives its shape."""

from __future__ import annotations

from matcher.transform.define import UNSET, define
from matcher.transform.shapes import Preview, Shape, preview
from matcher.transform.variables import Origin

__all__ = ["UNSET", "Origin", "Preview", "Shape", "define", "preview"]
