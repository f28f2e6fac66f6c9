"""Run a router whose targets note what they take, until the process is told to end, or killed."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from matcher import Context, Retry, Router, StoreError
from tests.crash.scene import PATIENCE, TARGETS, Scene, note, opened

#: Failures are tried again soon, and never given up: nothing may be lost.
SOON = Retry(attempts=185, base=0.01, longest=0.05)


def router_of(scene: Scene) -> Router:
    router = Router(scene.store, defaults={"retry": SOON, "concurrency": 16})
    files = {name: opened(scene.taken(name)) for name in TARGETS}
    chance = random.Random(scene.seed + os.getpid())

    @router.rule({"source": ["crash"]})
    def plain(detail) -> None:
        note(files["plain"], [(detail["producer"], detail["number"])])

    @router.rule({"source": ["crash"]}, group="$.detail.group", concurrency=64)
    async def ordered(detail, context: Context) -> None:
        assert context.group == detail["group"]
        note(files["ordered"], [(detail["producer"], detail["number"])])

    @router.rule({"source": ["crash"]}, group="$.detail.group", concurrency=64)
    async def flaky(detail) -> None:
        if chance.randrange(100) < scene.failing:
            raise ConnectionError("down for now")
        note(files["flaky"], [(detail["producer"], detail["number"])])

    return router


def main(scene: Scene) -> None:
    router = router_of(scene)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    while not router.running:
        try:
            router.start()
        except StoreError:  # no space to open it: as whoever supervises a process would, try again
            time.sleep(PATIENCE)
    signal.sigwait([signal.SIGTERM])
    router.stop()


if __name__ == "__main__":
    main(Scene.of(sys.argv[1:]))
