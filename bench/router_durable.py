"""What does a durable event cost: accepted alone, delivered end to end, late under load, and with a million waiting?

`python -m bench.router_durable [--waiting 1000000]` prints one table. The store is an SQLite file on the disk of the working
directory, with its durable settings; the target does nothing. Every event is counted at its target.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson

from bench.measure import fresh
from bench.report import Table, plain, rate
from bench.router_work import job
from matcher import Backlog, Context, Router

#: Events a second that are put while latency is measured: the bar of what a router delivers.
STEADY, SECONDS = 5_000, 5.0
BATCH = 100
UNBOUNDED = Backlog(limit=10**9)


def entries(count: int) -> list[dict[str, Any]]:
    """PutEvents entries, with the detail as text, as producers send it."""
    made = []
    for event in job(events=count).events:
        parsed = orjson.loads(event)
        detail = orjson.dumps(parsed["detail"]).decode()
        made.append({"Source": "shop", "DetailType": parsed["detail-type"], "Detail": detail})
    return made


class Counter:
    """A trivial target: it counts, and remembers how late each event was."""

    def __init__(self) -> None:
        self.taken = 0
        self.late: list[float] = []

    def add_to(self, router: Router) -> None:
        @router.rule({"source": ["shop"]}, name="count")
        async def count(event: bytes, context: Context) -> None:
            assert event
            self.taken += 1
            self.late.append(time.time() - context.accepted)

    def wait(self, count: int) -> None:
        deadline = time.monotonic() + 600
        while self.taken < count:
            assert time.monotonic() < deadline, f"{self.taken} of {count} events came"
            time.sleep(0.001)
        assert self.taken == count


def put_alone(folder: Path) -> Iterator[tuple[str, str]]:
    pool = entries(2_000)
    for batch, total in ((1, 300), (10, 5_000), (100, 40_000), (1_000, 60_000)):
        router = Router(f"sqlite:///{folder}/put-{batch}.db", backlog=UNBOUNDED)
        router.put(pool[:batch])
        started = perf_counter()
        for place in range(0, total, batch):
            at = place % (len(pool) - batch + 1)
            assert router.put(pool[at : at + batch])
        yield f"accepted durably, {batch} a put", rate(total / (perf_counter() - started))
        assert router.stats().waiting == total + batch
        router.stop()


def put_by_threads(folder: Path) -> tuple[str, str]:
    """Puts of one entry by many threads share a write to the disk."""
    pool, threads, each = entries(100), 16, 200
    router = Router(f"sqlite:///{folder}/threads.db", backlog=UNBOUNDED)
    router.put(pool[:1])

    def produce() -> None:
        for number in range(each):
            assert router.put(pool[number % 100])

    workers = [threading.Thread(target=produce) for _ in range(threads)]
    started = perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    figure = rate(threads * each / (perf_counter() - started))
    router.stop()
    return f"accepted durably, 1 a put, {threads} threads", figure


def end_to_end(folder: Path) -> tuple[str, str]:
    pool, total, counter = entries(2_000), 40_000, Counter()
    router = Router(f"sqlite:///{folder}/end.db", backlog=UNBOUNDED)
    counter.add_to(router)
    with router:
        started = perf_counter()
        for place in range(0, total, BATCH):
            router.put(pool[place % 1_900 : place % 1_900 + BATCH])
        counter.wait(total)
        elapsed = perf_counter() - started
    return f"put and delivered, {BATCH} a put", rate(total / elapsed)


def under_load(folder: Path) -> Iterator[tuple[str, str]]:
    pool, counter = entries(2_000), Counter()
    router = Router(f"sqlite:///{folder}/load.db", backlog=UNBOUNDED)
    counter.add_to(router)
    size = 25
    with router:
        started, put = perf_counter(), 0
        while put < STEADY * SECONDS:
            ahead = put / STEADY - (perf_counter() - started)
            if ahead > 0:
                time.sleep(ahead)
            router.put(pool[put % 1_900 : put % 1_900 + size])
            put += size
        kept_up = put / (perf_counter() - started)
        counter.wait(put)
    late = sorted(counter.late)
    for share in (0.5, 0.99, 0.999):
        figure = f"{late[int(len(late) * share)] * 1e3:.1f} ms"
        yield f"from acceptance to the target at {rate(kept_up)} events/s, p{share * 100:g}", figure


def fill(path: str, count: int) -> None:
    router, pool = Router(f"sqlite:///{path}", backlog=UNBOUNDED), entries(2_000)
    for _ in range(0, count, 2_000):
        router.put(pool)
    router.stop()


def start(path: str, count: int) -> dict[str, float]:
    """Start a router on a store where so many events wait, until the first is delivered; in a process of its own."""
    router, counter = Router(f"sqlite:///{path}", backlog=UNBOUNDED), Counter()
    counter.add_to(router)
    started = perf_counter()
    router.start()
    until_started = perf_counter() - started
    while not counter.taken:
        time.sleep(0.001)
    until_first = perf_counter() - started
    time.sleep(3.0)
    delivered, elapsed = counter.taken, perf_counter() - started
    router.stop()
    assert delivered <= count
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"start": until_started, "first": until_first, "rate": delivered / elapsed, "megabytes": megabytes}


def waiting(folder: Path, count: int) -> Iterator[tuple[str, str]]:
    path = f"{folder}/waiting.db"
    fresh(__spec__.name, "--fill", path, "--waiting", str(count), timeout=3_600)
    found = fresh(__spec__.name, "--start", path, "--waiting", str(count), timeout=600)
    yield f"start with {count:,} events waiting", f"{found['start']:.2f} s"
    yield f"first delivery with {count:,} waiting", f"{found['first']:.2f} s"
    yield f"delivered with {count:,} waiting", rate(found["rate"])
    yield f"memory with {count:,} waiting", f"{found['megabytes']:.0f} MB"


def measured(folder: Path, count: int) -> Iterator[tuple[str, str]]:
    yield from put_alone(folder)
    yield put_by_threads(folder)
    yield end_to_end(folder)
    yield from under_load(folder)
    if count:
        yield from waiting(folder, count)


def main(arguments: argparse.Namespace, tell: Callable[[str], object]) -> None:
    if arguments.fill:
        fill(arguments.fill, arguments.waiting)
        tell("{}")
    elif arguments.start:
        tell(orjson.dumps(start(arguments.start, arguments.waiting)).decode())
    else:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            rows = list(measured(Path(folder), arguments.waiting))
        tell(plain(Table("Durable events of 929 bytes, SQLite, one target", ("what", "figure"), rows)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--fill", default="")
    parser.add_argument("--start", default="")
    main(parser.parse_args(), sys.stdout.write)
    sys.stdout.write("\n")
