"""Turn names between Python's form and the language's (`items_path`, `ItemsPath`), and places into JSON pointers."""

from __future__ import annotations

from functools import cache

__all__ = ["field_name", "pointer_to"]


@cache
def field_name(attribute: str) -> str:
    """`items_path` is `ItemsPath`; an initial CSV stays in capitals."""
    words = attribute.split("_")
    return "".join("CSV" if word == "csv" else word.capitalize() for word in words)


def pointer_to(parent: str, *steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a place below `parent`."""
    for step in steps:
        text = str(step)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        parent = f"{parent}/{text}"
    return parent
