from collections.abc import Callable
from typing import Any

__all__ = ["lower", "raised"]

def lower(node: Any, kinds: dict[type, str], variants: Callable[[str], tuple[tuple[str, ...], ...]]) -> bytes: ...
def raised(program: bytes, paths: list[str], classes: dict[str, Any]) -> Any: ...
