"""Turn the names of workloads into files for profilers and engines in other languages: python -m bench.export DIR."""

from __future__ import annotations

import sys
from pathlib import Path

from bench import data
from bench.adversarial import ATTACKS
from bench.workload import store, text

DEFAULT = (
    *(f"eb-exact-{size}" for size in ("1", "1k", "10k", "100k", "1M")),
    *(f"eb-mixed-{size}" for size in ("1k", "10k", "100k")),
    *data.LOTS,
    *data.HYPER,
)


def export(folder: Path, names: tuple[str, ...]) -> None:
    """Write rules-NAME.jsonl ({"name", "pattern"} a line) and events-NAME.jsonl for each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        rules, events = folder / f"rules-{name}.jsonl", folder / f"events-{name}.jsonl"
        if name in ATTACKS:
            attack = ATTACKS[name]
            store(rules, (text({"name": rule, "pattern": pattern}) for rule, pattern in attack.rules()))
            store(events, [attack.event(1.0)])
        else:
            workload = data.workload(name)
            for source, target in ((workload.rules_file, rules), (workload.events_file, events)):
                target.unlink(missing_ok=True)
                target.symlink_to(source.resolve())
        print(name, rules, events)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m bench.export DIR [NAME …]; names: " + " ".join([*data.names(), *ATTACKS]))
    export(Path(sys.argv[1]), tuple(sys.argv[2:]) or (*DEFAULT, *ATTACKS))
