"""Readers match while a writer changes the set: each answer is that of one of the sets there were during the call."""

from __future__ import annotations

import sys
import threading
import time
from random import Random
from typing import Any

import pytest

from matcher import RuleSet

#: Rules that stay as they are: they must be in every answer.
STEADY: dict[object, dict[str, Any]] = {f"steady {number}": {"a": [{"prefix": "x"}], "b": [number]} for number in range(5)}
EVENT = b'{"a":"xy","b":[0,1,2,3,4],"c":[{"d":1,"e":2},{"d":2,"e":1}],"turn":["even","odd"]}'


class Book:
    """What the set held, by the number of its version; `begun` and `done` count the writer's changes."""

    def __init__(self) -> None:
        self.begun = 0
        self.done = 0
        self.answers: list[list[object]] = [list(STEADY)]


def write(rules: RuleSet[object], book: Book, seed: int, until: float) -> None:
    """Change the set at random; what it shall answer is noted before each change."""
    chance = Random(seed)
    names: list[object] = list(STEADY)
    matching: set[object] = set(names)
    while time.monotonic() < until:
        name = chance.randrange(40)
        kind = chance.randrange(4)
        matches = chance.randrange(2) == 0
        pattern = {"c": {"d": [1 if matches else 3], "e": [2]}, "turn": [chance.choice(["even", "odd"])]}
        if kind == 0 and name in matching | set(names):
            names.remove(name)
            matching.discard(name)
        elif kind == 1 or name not in names:
            if name not in names:
                names.append(name)
            matching |= {name} if matches else set()
            kind = 1
        else:
            matching = matching | {name} if matches else matching - {name}
        book.answers.append([known for known in names if known in matching])
        book.begun += 1
        if kind == 0:
            rules.remove(name)
        elif kind == 1:
            rules.add(name, pattern)
        else:
            rules[name] = pattern
        book.done += 1


def read(rules: RuleSet[object], book: Book, until: float, seen: list[int], faults: list[str]) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        first = book.done
        if number % 5:
            found = [rules.match(EVENT)]
        else:
            found = rules.match_many([EVENT] * 3, threads=2)
        last = book.begun
        possible = book.answers[first : last + 1]
        if any(answer not in possible for answer in found) or any(answer != found[0] for answer in found):
            faults.append(f"between {first} and {last}: {found} is none of {possible}")
            return
    seen.append(number)


def stress(seconds: float, readers: int, seed: int) -> None:
    rules: RuleSet[object] = RuleSet(STEADY)
    book = Book()
    until = time.monotonic() + seconds
    seen: list[int] = []
    faults: list[str] = []
    threads = [threading.Thread(target=read, args=(rules, book, until, seen, faults)) for _ in range(readers)]
    threads.append(threading.Thread(target=write, args=(rules, book, seed, until)))
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads meet in more places
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(pause)
    assert faults == []
    assert len(seen) == readers
    assert min(seen) > 3
    assert book.begun == book.done > 3
    assert rules.match(EVENT) == book.answers[-1]


@pytest.mark.parametrize("seed", [1, 2])
def test_readers_see_whole_sets(seed: int) -> None:
    stress(seconds=1, readers=3, seed=seed)


@pytest.mark.slow
def test_readers_see_whole_sets_for_long() -> None:
    for seed in range(10):
        stress(seconds=3, readers=4, seed=seed)


def test_writers_do_not_lose_each_others_changes() -> None:
    rules: RuleSet[tuple[int, int]] = RuleSet()

    def work(writer: int) -> None:
        for number in range(150):
            rules.add((writer, number), {"a": [writer]})
            if number % 3 == 0:
                rules.remove((writer, number))

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rules) == 400
    for writer in range(4):
        found = rules.match(b'{"a":%d}' % writer)
        assert found == [(writer, number) for number in range(150) if number % 3]
