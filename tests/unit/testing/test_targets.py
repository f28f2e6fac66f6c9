"""Targets for tests remember what they got, and fail as they are told."""

import asyncio

import pytest

from matcher.errors import TargetError
from matcher.target import Message, Target
from matcher.testing import FakeClock, FlakyTarget, RecordedTarget, assert_delivered


def message(body: bytes, event: bytes = b"{}", attempt: int = 1) -> Message:
    return Message(body, event, "id", "bus", "rule", "target", "1/bus/rule/target", attempt)


def sent(target: RecordedTarget, *bodies: bytes) -> None:
    for body in bodies:
        asyncio.run(target.send(message(body, b'{"source": "shop", "detail": ' + body + b"}")))


def test_they_are_targets() -> None:
    assert isinstance(RecordedTarget(), Target)
    assert isinstance(FlakyTarget([]), Target)


def test_what_was_taken_is_remembered() -> None:
    target = RecordedTarget(result="ok")
    assert asyncio.run(target.send(message(b'{"a": 1}', b'{"b": 2}'))) == "ok"
    sent(target, b"plain text")
    assert target.bodies == [{"a": 1}, "plain text"]
    assert target.events[0] == {"b": 2}
    assert target.attempts == target.messages


def test_a_schedule_tells_how_attempts_end() -> None:
    target = FlakyTarget([TargetError("down"), None, KeyError("x")])
    with pytest.raises(TargetError, match="down"):
        sent(target, b"1")
    sent(target, b"2")
    with pytest.raises(KeyError):
        sent(target, b"3")
    sent(target, b"4", b"5")
    assert target.bodies == [2, 4, 5]
    assert len(target.attempts) == 5


def test_a_function_of_the_message_tells_how_attempts_end() -> None:
    target = FlakyTarget(lambda sent: TargetError("poison") if sent.body == b"13" else None)
    sent(target, b"12")
    with pytest.raises(TargetError, match="poison"):
        sent(target, b"13")


def test_it_takes_its_time_by_the_clock() -> None:
    async def main() -> None:
        clock = FakeClock()
        target = RecordedTarget(clock=clock, takes=5.0)
        tasks = [asyncio.create_task(target.send(message(body))) for body in (b"1", b"2")]
        await clock.advance(4.9)
        assert (target.bodies, target.sending) == ([], 2)
        await clock.advance(0.1)
        assert (target.bodies, target.sending, target.most) == ([1, 2], 0, 2)
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_a_part_of_the_body_is_enough() -> None:
    target = RecordedTarget("mail")
    sent(target, b'{"order": {"id": 7, "total": 9.5}, "tags": ["a", "b"]}')
    assert_delivered(target)
    assert_delivered(target, {"order": {"id": 7}}, times=1)
    assert_delivered(target, {"tags": ["a", "b"]})
    assert_delivered(target, {"order": {"id": 8}}, times=0)
    assert_delivered(target, pattern={"source": ["shop"], "detail": {"order": {"total": [{"numeric": [">", 9]}]}}})


def failure(target: RecordedTarget, *expected: object, **how: object) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        assert_delivered(target, *expected, **how)  # type: ignore[arg-type]
    return str(caught.value).splitlines()


def test_the_nearest_message_shows_what_differs() -> None:
    target = RecordedTarget("mail")
    sent(target, b'{"a": {"b": 1, "c": [1, 2]}, "d": true}', b'{"x": 1}')
    assert failure(target, {"a": {"b": 2, "c": [1]}, "d": 1, "e/f": None}) == [
        "mail took 0 of 2 messages like that; want it at least once",
        '  expected: {"a":{"b":2,"c":[1]},"d":1,"e/f":null}',
        "  nearest of 2:",
        "    at /a/b: found 1; want 2",
        "    at /a/c: found 2 elements; want 1",
        "    at /d: found true; want 1",
        "    at /e~1f: found nothing; want null",
    ]
    assert failure(target, {"x": {"y": 1, "z": 2}, "a": {"b": 1}})[3:] == [
        "    at /x/y: found nothing; want 1",
        "    at /x/z: found nothing; want 2",
    ]
    assert failure(target, {"a": {"b": 2, "c": [1, 2]}, "d": True})[3:] == ["    at /a/b: found 1; want 2"]


def test_the_number_of_times_is_told() -> None:
    target = RecordedTarget("mail")
    assert failure(target, {"a": 1}) == [
        "mail took 0 of 0 messages like that; want it at least once",
        '  expected: {"a":1}',
        "  nothing came",
    ]
    sent(target, b'{"a": 1}', b'{"a": 1}')
    assert failure(target, {"a": 1}, times=1)[0] == "mail took 2 of 2 messages like that; want it 1 times"


def test_failed_attempts_and_patterns_are_told() -> None:
    target = FlakyTarget([TargetError("down")], "mail")
    with pytest.raises(TargetError):
        sent(target, b"1")
    sent(target, b"2")
    assert failure(target, 1, pattern={"source": ["bank"]}) == [
        "mail took 0 of 1 messages like that; want it at least once",
        '  0 of 1 events match {"source":["bank"]}',
        "  expected: 1",
        "  nearest of 1:",
        "    at the root: found 2; want 1",
        "  1 attempts failed, 0 go on",
    ]
