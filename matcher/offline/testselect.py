"""Turn an expression such as `big and not (gift or coupon)` into a question about the name of a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = ["selects"]

_TOKEN: Final = re.compile(r"""\s*(?:([()])|"([^"]*)"|'([^']*)'|([^\s()"']+))""")
_NESTING: Final = 50

Question = Callable[[str], bool]


def selects(expression: str) -> Question:
    """Compile an expression: texts that the name holds (in any case of letters), and, or, not, parentheses.

    Words beside one another are one text ("big order"); quotes allow any text. Raises ValueError.
    """
    reader = _Reader(expression)
    question = reader.either()
    if reader.token is not None:
        reader.fail("and, or, or the end")
    return lambda name: question(name.lower())


class _Reader:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.at = 0
        self.depth = 0
        self.token: str | None = None
        self.quoted = False
        self.next()

    def next(self) -> None:
        if not self.expression[self.at :].strip():
            self.token, self.quoted = None, False
            return
        found = _TOKEN.match(self.expression, self.at)
        if not found:
            raise ValueError(f"{self.expression!r}: a quote that does not end, at character {self.at + 1}")
        self.at = found.end()
        self.quoted = found[2] is not None or found[3] is not None
        self.token = next(part for part in found.groups() if part is not None)

    def fail(self, want: str) -> None:
        found = "the end" if self.token is None else repr(self.token)
        raise ValueError(f"{self.expression!r}: found {found}; want {want}")

    def word(self, word: str) -> bool:
        """Take a word of the language, if it is next."""
        taken = not self.quoted and self.token == word
        if taken:
            self.next()
        return taken

    def either(self) -> Question:
        parts = [self.all()]
        while self.word("or"):
            parts.append(self.all())
        return lambda name: any(part(name) for part in parts)

    def all(self) -> Question:
        parts = [self.one()]
        while self.word("and"):
            parts.append(self.one())
        return lambda name: all(part(name) for part in parts)

    def one(self) -> Question:
        self.depth += 1
        if self.depth > _NESTING:
            raise ValueError(f"{self.expression!r}: more than {_NESTING} parentheses and nots inside one another")
        question = self._one()
        self.depth -= 1
        return question

    def _one(self) -> Question:
        if self.word("not"):
            inner = self.one()
            return lambda name: not inner(name)
        if self.word("("):
            inner = self.either()
            if not self.word(")"):
                self.fail("a closing parenthesis")
            return inner
        words = []
        while self.token is not None and (self.quoted or self.token not in {"and", "or", "not", "(", ")"}):
            words.append(self.token)
            self.next()
        if not words:
            self.fail("a text, not, or an opening parenthesis")
        text = " ".join(words).lower()
        return lambda name: text in name
