"""Put events in batches of many sizes, and note which were accepted. What can't be stored now is put again until it is."""

from __future__ import annotations

import random
import sys
import time

from matcher import Backlog, Router, StoreError
from tests.crash.scene import GROUPS, PATIENCE, Scene, note, opened

LARGEST = 64


def event(producer: int, number: int) -> dict[str, object]:
    detail = {"producer": producer, "number": number, "group": f"{producer}-{number % GROUPS}", "text": "x" * 1_000}
    return {"id": f"{producer}-{number}", "source": "crash", "detail-type": "numbered", "detail": detail}


def main(producer: int, scene: Scene) -> None:
    router = Router(scene.store, backlog=Backlog(limit=max(500, scene.events // 5), every=0.05))
    rng = random.Random(scene.seed * 1_000 + producer)
    file, refused = map(opened, (scene.accepted(producer), scene.refused(producer)))
    share = scene.events // scene.producers
    number = 0
    while number < share:
        batch = range(number, min(share, number + rng.randint(1, LARGEST)))
        try:
            result = router.put([event(producer, each) for each in batch])
        except StoreError:
            note(refused, [(producer, batch[0])])
            time.sleep(PATIENCE)
            continue
        note(file, [(producer, each) for each, entry in zip(batch, result, strict=True) if entry.ok])
        number = batch.stop
    router.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Scene.of(sys.argv[2:]))
