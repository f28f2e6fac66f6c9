"""Put events from several processes while the router is killed at random points, and count what came of each event.

`python -m tests.crash.harness --events 100000 --kills 20 --seed 1 --failing 30 --fills 2`
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from matcher.router.stores import store_of
from tests.crash.scene import GROUPS, TARGETS, Scene, count, noted
from tests.crash.space import Fill, space

#: Seconds between looks at how far the run is, and without any progress after which it has failed.
LOOK, PATIENCE = 0.005, 60.0
#: Seconds that a disk stays full at most.
FULL = 10.0


@dataclass(slots=True)
class Verdict:
    """What came of a run."""

    accepted: int = 0
    #: Puts that failed for want of space, and were made again.
    refused: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    duplicates: dict[str, int] = field(default_factory=dict)
    out_of_order: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    fills: int = 0
    seconds: float = 0.0
    damage: list[str] = field(default_factory=list)
    waiting: int = 0

    @property
    def rate_of_duplicates(self) -> float:
        return sum(self.duplicates.values()) / max(1, self.accepted * len(self.duplicates))

    def faults(self, events: int) -> list[str]:
        """What is against the promise; none: all is well."""
        found = [f"{target}: {lost} events lost" for target, lost in self.lost.items() if lost]
        found += [f"{target}: {number} out of order" for target, number in self.out_of_order.items() if number]
        found += self.damage
        if self.accepted != events:
            found.append(f"{self.accepted} of {events} events accepted")
        if self.rate_of_duplicates >= 0.01:
            found.append(f"{self.rate_of_duplicates:.2%} duplicates")
        if self.waiting:
            found.append(f"{self.waiting} deliveries still wait")
        return found


class Run:
    """Processes of one scene; `running` always has the ids of those that were started."""

    def __init__(self, scene: Scene, running: list[int]) -> None:
        self.scene = scene
        self._running = running
        self.producers = [self._spawn("producer", str(number), *scene.arguments()) for number in range(scene.producers)]
        self.consumer = self._start()

    def _spawn(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", f"tests.crash.{module}", *arguments])
        self._running.append(process.pid)
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        return self._spawn("consumer", *self.scene.arguments())

    def kill(self) -> None:
        """End the router without a word, and start another."""
        self.consumer.send_signal(signal.SIGKILL)
        self.consumer.wait()
        self.consumer = self._start()

    def signal_producers(self, number: signal.Signals) -> None:
        for producer in self.producers:
            if producer.poll() is None:
                producer.send_signal(number)

    def notes(self) -> int:
        """How many notes producers and targets have made."""
        taken = sum(count(self.scene.taken(target)) for target in TARGETS)
        return taken + self.accepted()

    def accepted(self) -> int:
        return sum(count(self.scene.accepted(number)) for number in range(self.scene.producers))

    def refused(self) -> int:
        return refusals(self.scene)

    @property
    def done(self) -> bool:
        """Whether every producer has ended and every target has at least as many notes as there are events."""
        if any(producer.poll() is None for producer in self.producers):
            return False
        accepted = self.accepted()
        return all(count(self.scene.taken(target)) >= accepted for target in TARGETS)

    def until(self, notes: int) -> None:
        """Wait until there are that many notes, or all."""
        moved, known = time.monotonic(), -1
        while not self.done and (now := self.notes()) < notes:
            if self.consumer.poll() is not None:
                raise RuntimeError(f"the router ended by itself, with {self.consumer.returncode}")
            if now != known:
                moved, known = time.monotonic(), now
            if time.monotonic() - moved > PATIENCE:
                raise TimeoutError(f"nothing moved for {PATIENCE} seconds at {now} notes of {notes}")
            time.sleep(LOOK)

    def end(self) -> None:
        """Stop the router in an orderly way, and whatever else runs."""
        self.consumer.terminate()
        self.consumer.wait(60)
        for producer in self.producers:
            if producer.poll() is None:
                producer.kill()
            producer.wait()


def carry_out(scene: Scene, kills: int, fills: int) -> Verdict:
    """Run a scene to its end, and judge it."""
    started = time.monotonic()
    running: list[int] = []
    with space(scene.folder / "disk", running) as fill:
        run = Run(scene, running)
        try:
            _disturb(run, kills, fills, fill)
            _drain(run)
        finally:
            run.end()
        verdict = judged(scene)
        verdict.damage, verdict.waiting = asyncio.run(_inspected(scene))
    verdict.kills, verdict.fills, verdict.seconds = kills, fills, time.monotonic() - started
    return verdict


def _disturb(run: Run, kills: int, fills: int, fill: Fill) -> None:
    """Kill the router at random points of the run, and fill its disk at some while the store grows."""
    rng = random.Random(run.scene.seed)
    events = run.scene.events
    deeds = [(rng.randrange(events * (1 + len(TARGETS))), "kill") for _ in range(kills)]
    deeds += [(rng.randrange(events // 10), "fill") for _ in range(fills)]
    for point, deed in sorted(deeds):
        run.until(point)
        if deed == "kill":
            run.kill()
        else:
            _fill(run, fill)


def _fill(run: Run, fill: Fill) -> None:
    """Leave no space until that is felt: a store goes on for a while in the space that it has."""
    before, started = run.refused(), time.monotonic()
    run.signal_producers(signal.SIGSTOP)  # they would have put all that may wait before the disk is full
    fill(True)
    run.signal_producers(signal.SIGCONT)
    while run.refused() == before and time.monotonic() - started < FULL:
        time.sleep(LOOK)
    fill(False)


def _drain(run: Run) -> None:
    """Wait until every accepted event is noted by every target, duplicates left out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        run.until(sys.maxsize)
        if not any(judged(run.scene).lost.values()):
            return
        time.sleep(0.2)


def refusals(scene: Scene) -> int:
    return sum(count(scene.refused(number)) for number in range(scene.producers))


def judged(scene: Scene) -> Verdict:
    """Compare what was accepted with what each target took."""
    accepted = {each for number in range(scene.producers) for each in noted(scene.accepted(number))}
    verdict = Verdict(len(accepted), refusals(scene))
    for target in TARGETS:
        taken = list(noted(scene.taken(target)))
        verdict.lost[target] = len(accepted - set(taken))
        verdict.duplicates[target] = sum(times - 1 for times in Counter(taken).values())
        if target != "plain":
            verdict.out_of_order[target] = sum(1 for _ in _out_of_order(taken))
    return verdict


def _out_of_order(taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Events that a target took for the first time after a later one of their group."""
    latest: dict[tuple[int, int], int] = {}
    seen: set[tuple[int, int]] = set()
    for producer, number in taken:
        if (producer, number) in seen:
            continue
        seen.add((producer, number))
        group = producer, number % GROUPS
        if number < latest.get(group, -1):
            yield producer, number
        latest[group] = max(number, latest.get(group, -1))


async def _inspected(scene: Scene) -> tuple[list[str], int]:
    """What is damaged in the store, and how much still waits in it."""
    async with store_of(scene.store) as store:
        waiting = sum(depth.waiting for depth in await store.queue.depths())
        return await store.check(), waiting


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (
        ("events", 100_000),
        ("producers", 4),
        ("kills", 20),
        ("failing", 30),
        ("fills", 0),
        ("seed", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        scene = Scene(Path(folder), given.events, given.producers, given.failing, given.seed)
        verdict = carry_out(scene, given.kills, given.fills)
    print(verdict)
    faults = verdict.faults(given.events)
    print("\n".join(faults) or f"nothing lost; {verdict.rate_of_duplicates:.3%} duplicates")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
