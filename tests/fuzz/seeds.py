"""Write the first inputs of the fuzzer into a folder: the events of tests/cases, each with some choices of rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any

CASES = Path(__file__).parents[1] / "cases"


def events() -> Iterator[bytes]:
    """Give each text that some case names as an event."""
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_bytes()):
            listed: list[Any] = [*case.get("match", []), *case.get("miss", []), case.get("text", case.get("event", {}))]
            for event in listed:
                yield (event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)).encode()


def write(folder: Path) -> int:
    """Write the inputs; give how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = Random(1)
    written = 0
    for event in events():
        data = event + b"\xff" + chance.randbytes(chance.randrange(1, 120))
        (folder / blake2b(data, digest_size=10).hexdigest()).write_bytes(data)
        written += 1
    return written


if __name__ == "__main__":
    print(write(Path(sys.argv[1])), "inputs")
