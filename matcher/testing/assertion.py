"""Turn what a target got and what it should have got into silence, or into what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from matcher.single import Pattern
from matcher.testing.targets import RecordedTarget, value

__all__ = ["assert_delivered", "differences"]

#: Differences and messages that are shown.
SHOWN = 10


def assert_delivered(
    target: RecordedTarget,
    expected: Any = None,
    *,
    pattern: Mapping[str, Any] | None = None,
    times: int | None = None,
) -> None:
    """The target took a message like that: at least one, or exactly `times`.

    `expected` is the body or a part of it: members that it doesn't name may be anything. `pattern` is an event pattern
    for the whole event.
    """
    found = list(target.messages)
    matches = None if pattern is None else Pattern(dict(pattern)).matches
    bodies = [value(message.body) for message in found if matches is None or matches(message.event)]
    number = sum(expected is None or not any(differences(expected, body)) for body in bodies)
    if (times is None and number) or number == times:
        return
    wanted = "at least once" if times is None else f"{times} times"
    lines = [f"{target.name} took {number} of {len(found)} messages like that; want it {wanted}"]
    if pattern is not None:
        lines.append(f"  {len(bodies)} of {len(found)} events match {text(pattern)}")
    if expected is not None:
        lines.append(f"  expected: {text(expected)}")
        lines += nearest(expected, bodies or [value(message.body) for message in found])
    failed = len(target.attempts) - len(found) - target.sending
    if failed:
        lines.append(f"  {failed} attempts failed, {target.sending} go on")
    raise AssertionError("\n".join(lines))


def nearest(expected: Any, bodies: list[Any]) -> Iterator[str]:
    """Lines that show the body with the fewest differences, and what they are."""
    if not bodies:
        yield "  nothing came"
        return
    told = min((list(differences(expected, body)) for body in bodies), key=len)
    if told:
        yield f"  nearest of {len(bodies)}:"
        yield from (f"    {line}" for line in told[:SHOWN])
        if len(told) > SHOWN:
            yield f"    and {len(told) - SHOWN} more"
    else:
        yield from (f"  took: {text(body)}" for body in bodies[:SHOWN])


def differences(expected: Any, found: Any, at: str = "") -> Iterator[str]:
    """What of the expected value is not in the found one, a line each with a JSON pointer."""
    place = at or "the root"
    match expected, found:
        case Mapping(), Mapping():
            for name, wanted in expected.items():
                inner = below(at, name)
                yield from differences(wanted, found[name], inner) if name in found else missing(wanted, inner)
        case (list() | tuple(), list() | tuple()):
            if len(expected) != len(found):
                yield f"at {place}: found {len(found)} elements; want {len(expected)}"
            for number, (wanted, present) in enumerate(zip(expected, found, strict=False)):
                yield from differences(wanted, present, f"{at}/{number}")
        case _:
            if expected != found or isinstance(expected, bool) is not isinstance(found, bool):
                yield f"at {place}: found {text(found)}; want {text(expected)}"


def missing(expected: Any, at: str) -> Iterator[str]:
    """A line for each leaf, so that a missing object differs by as much as it holds."""
    if isinstance(expected, Mapping) and expected:
        for name, wanted in expected.items():
            yield from missing(wanted, below(at, name))
    else:
        yield f"at {at}: found nothing; want {text(expected)}"


def below(at: str, name: object) -> str:
    """The JSON pointer of a member."""
    return f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}"


def text(anything: Any) -> str:
    """A value as JSON where it can be."""
    try:
        return orjson.dumps(anything).decode()
    except TypeError:
        return repr(anything)
