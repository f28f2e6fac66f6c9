"""Name the limits of a definition, with AWS's defaults where AWS has one."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "DefinitionLimits"]


@dataclass(frozen=True, slots=True)
class DefinitionLimits:
    """What a definition may cost."""

    #: UTF-8 bytes of the text (AWS: 1 MB).
    definition_bytes: int = 1_048_576
    #: Objects and arrays inside one another. Checks and builders recurse as deep, a few frames a level.
    nesting: int = 200
    #: Errors that are told of one definition (AWS: 100); the last says that there are more.
    errors: int = 1_000


DEFAULT = DefinitionLimits()
