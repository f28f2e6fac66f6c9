from typing import Any

from typing_extensions import disjoint_base

from matcher._core.machine import Machine

__all__ = ["Current"]

@disjoint_base
class Current:
    _state: tuple[Machine, list[Any]]
    def match(self, event: Any, /) -> list[Any]: ...
