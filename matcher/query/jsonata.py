"""Turn a JSONata expression into its value, bounded in time, depth, steps and size, and the same for the same moment.

The engine is jlens, in Rust. Plain paths (`$states.input.a.b`), most of what workflows say, are read here instead where
that gives the same: through objects down to a value that is there. Variables reach the engine as members of the input
document, of which it converts only what the expression reads; given as bindings they would be converted whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, Final

from matcher.errors import Fault, MissingExtra, QueryError
from matcher.query.functions import FUNCTIONS, chance
from matcher.query.reference import MISSING

if TYPE_CHECKING:
    from jlens import Expression as Engine

__all__ = ["BOUNDS", "FUNCTION", "Bounds", "EvaluationError", "Expression", "compile_expression"]

_PLAIN: Final = re.compile(r"\s*\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)\s*", re.ASCII)
_VARIABLE: Final = re.compile(r"\$([^\W\d]\w*)")
#: Begins the members of the document that are variables.
_MARK: Final = "\x01"
#: Names that are operators or values, not members, where a step could stand.
_WORDS: Final = frozenset({"and", "or", "in", "true", "false", "null"})


class _Function:
    """The type of FUNCTION."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FUNCTION"


#: What an expression gives whose value is a function, which JSON can't hold.
FUNCTION: Final = _Function()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one evaluation may cost; the seconds are those of all expressions of one state together."""

    seconds: float = 1.0
    #: Calls inside one another.
    depth: int = 500
    #: Evaluations of a part of the expression: the same on any machine, where seconds are not.
    steps: int = 5_000_000
    #: Elements of one array.
    elements: int = 1_000_000
    #: Bytes of one string, and of the result as JSON.
    size: int = 16 * 1024 * 1024


BOUNDS: Final = Bounds()


class EvaluationError(Exception):
    """An expression failed. `code` is JSONata's (`T1006`), the text its message."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; of any thread."""

    text: str
    #: The variable and the members of a plain path; None: any other expression.
    plain: tuple[str, ...] | None
    #: Variables that it may name.
    names: tuple[str, ...]
    #: Names of the functions of chance that it may call.
    chances: tuple[str, ...]
    #: Engines by the variables that they take from the document; filled as they are wanted.
    engines: dict[tuple[str, ...], Engine] = field(default_factory=dict, compare=False, repr=False)

    def evaluate(
        self,
        variables: Mapping[str, Any],
        now: float = 0.0,
        random: Random | None = None,
        bounds: Bounds = BOUNDS,
        seconds: float | None = None,
    ) -> Any:
        """The value, MISSING where it is undefined, or FUNCTION. Raises EvaluationError.

        `variables` are the `$name`s; `now` (seconds since the epoch) is what `$now` and `$millis` give; `random` is
        what `$random` and `$uuid` draw from. `seconds` are those that are left of the bounds'.
        """
        if self.plain is not None:
            found = _walk(self.plain, variables)
            if found is not MISSING:
                return found
        present = tuple(name for name in self.names if name in variables)
        document = {_MARK + name: variables[name] for name in present}
        bindings = chance(random or Random(0)) if self.chances else None
        engine = self.engines.get(present)
        if engine is None:
            engine = self.engines[present] = _engine(_with(present, self.text))
        left = bounds.seconds if seconds is None else seconds
        value = _run(engine, document, bindings, now, bounds, left)
        if value is not None:
            return value
        kind = _run(_engine(_with(present, f"$type(({self.text}\n))")), document, bindings, now, bounds, left)
        return None if kind == "null" else FUNCTION if kind == "function" else MISSING


def _with(names: tuple[str, ...], text: str) -> str:
    """The expression with these variables taken from the input's members of marked names, which no name can be."""
    if not names:
        return text
    taken = "".join(f"${name} := $.`{_MARK}{name}`; " for name in names)
    return f"({taken}{text}\n)"


def _walk(names: tuple[str, ...], variables: Mapping[str, Any]) -> Any:
    value: Any = variables
    for name in names:
        if not isinstance(value, dict):
            return MISSING
        value = value.get(name, MISSING)
        if value is MISSING:
            return MISSING
    return value


def _run(engine: Engine, document: Any, bindings: dict[str, Any] | None, now: float, bounds: Bounds, seconds: float) -> Any:
    from jlens import JlensError

    try:
        return engine.evaluate(
            document,
            bindings,
            timeout=seconds,
            max_depth=bounds.depth,
            max_steps=bounds.steps,
            max_string_length=bounds.size,
            max_array_length=bounds.elements,
            max_result_size=bounds.size,
            now=int(now * 1000),
        )
    except JlensError as error:
        raise EvaluationError(error.code, str(error)) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise EvaluationError("", str(error)) from None


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Read an expression, without the `{% %}` around it. Raises QueryError with the character where it is none."""
    _engine(text)
    found = _PLAIN.fullmatch(text)
    plain = (found[1], *found[2].split(".")[1:]) if found else None
    chances = tuple(name for name in ("random", "uuid") if f"${name}" in text)
    names = tuple(dict.fromkeys(_VARIABLE.findall(text)))
    return Expression(text, None if plain and _WORDS & set(plain) else plain, names, chances)


@lru_cache(maxsize=4096)
def _engine(text: str) -> Engine:
    try:
        from jlens import Expression as Engine
        from jlens import JlensError
    except ImportError:
        raise MissingExtra("workflow") from None
    try:
        engine = Engine(text)
    except JlensError as error:
        at = (error.start if error.start is not None else 0) + 1
        raise QueryError((Fault(f"character {at}", repr(text), f"a JSONata expression ({error.code}: {error})"),)) from None
    for name, function in FUNCTIONS.items():
        engine.register_function(name, function)
    return engine
