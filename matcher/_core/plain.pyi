from typing import final

__all__ = ["Compiler"]

@final
class Compiler:
    def __init__(self, pattern_bytes: int, paths: int) -> None: ...
    def program(self, pattern: bytes) -> bytes | None: ...
