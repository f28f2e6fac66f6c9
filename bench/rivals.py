"""Turn workloads into tables of matcher beside JSON parsers, event-ruler and the Python peers: same rules, same events."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from bench import bars, data
from bench.measure import ROOT, Local, Rate, Runner, interleave
from bench.peers import PACKAGES, AbsentError, Peer, Ruler
from bench.report import Bar, Section, Table, rate
from bench.subject import checked, events, mean_size
from matcher import EventError, PatternError, RuleSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Effort", "parsers", "peers", "ruler"]

CONFORMANCE = ROOT.parent / "shared" / "conformance" / "single.jsonl"
SAMPLE = 100  # events whose answers of each peer are compared


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, seconds of a round, and the largest sizes or only a taste."""

    rounds: int
    seconds: float
    quick: bool


def parsers(effort: Effort) -> Section:
    """How does match(bytes) compare with only parsing the event, and how does it grow with the rules?"""
    sizes = ["1", "1k", "10k", "100k"] if effort.quick else ["1", "100", "1k", "10k", "100k", "1M"]
    tables, judged = [], []
    profiles = ["eb-exact"] if effort.quick else ["eb-exact", "eb-exact-coarse", "eb-exact-skewed", "eb-mixed"]
    for profile in profiles:
        # A million rules are asked for with one profile: building more of them would be most of the run.
        wanted = [size for size in sizes if size != "1M" or profile == "eb-exact"]
        table, figures = _by_size(profile, wanted, effort)
        tables.append(table)
        if profile == "eb-exact":
            judged += [
                bars.against_standard(size, figures[size] / figures["orjson.loads"])
                for size in bars.STANDARD
                if size in figures
            ]
            judged += [bars.growth(size, figures["1"] / figures[size]) for size in bars.GROWTH]
    return Section(tables, judged)


def _by_size(profile: str, sizes: list[str], effort: Effort) -> tuple[Table, dict[str, float]]:
    name = f"{profile}-{sizes[-1]}"
    inputs = events(name)
    runners: list[Runner] = [
        Local(label, call, inputs) for label, call in (("orjson.loads", orjson.loads), ("json.loads", json.loads))
    ]
    runners += [Local("pysimdjson parse", call, inputs) for call in _simdjson()]
    for size in sizes:
        runners.append(Local(size, checked(f"{profile}-{size}").match, inputs))
    runners.append(Local("1k structural", checked(f"{profile}-1k", "structural").match, inputs))
    rates = interleave(runners, effort.rounds, effort.seconds)
    standard = rates["orjson.loads"].best
    matched = {size: _matches(checked(f"{profile}-{size}").match, inputs) for size in sizes}
    rows = [_speed_row(label, one, standard, mean_size(name), matched.get(label)) for label, one in rates.items()]
    title = f"{profile}: match(bytes) by number of rules, and parsers; events of {mean_size(name):.0f} bytes"
    heads = ("rules, or parser", "matches an event", "events/s", "µs", "GB/s", "against orjson.loads", "spread")
    return Table(title, heads, rows), {label: one.best for label, one in rates.items()}


def _speed_row(label: str, one: Rate, standard: float, size: float, matched: float | None) -> tuple[str, ...]:
    return (
        label,
        "" if matched is None else f"{matched:.2f}",
        rate(one.best),
        f"{1e6 / one.best:.3f}",
        f"{one.best * size / 1e9:.2f}",
        f"{one.best / standard:.2f} x",
        f"{one.spread:.0%}",
    )


def _simdjson() -> Iterator[Callable[[bytes], object]]:
    try:
        import simdjson
    except ImportError:
        return
    yield simdjson.Parser().parse


def _matches(match: Callable[[bytes], list[str]], inputs: tuple[bytes, ...]) -> float:
    return sum(len(match(event)) for event in inputs) / len(inputs)


def ruler(effort: Effort) -> Section:
    """Is matcher five times as fast as event-ruler on each of its published rule types, and on EventBridge mixes?"""
    names = (
        ["lots-exact", "lots-all", "eb-mixed-1k"]
        if effort.quick
        else [
            *data.LOTS,
            *(f"eb-{kind}-{size}" for kind in ("exact", "mixed") for size in ("1k", "10k", "100k")),
            *data.HYPER,
        ]
    )
    rows, judged = [], []
    for name in names:
        row, bar = _against_ruler(name, effort)
        rows.append(row)
        judged.append(bar)
    heads = (
        "workload",
        "bytes",
        "matcher",
        "matcher GB/s",
        "event-ruler",
        "ratio",
        "same matches",
        "load s",
        "heap MB",
    )
    note = "events/s, one thread. event-ruler's rounds are processes that load, warm up and then run."
    return Section([Table("AWS's event-ruler (Java)", heads, rows, note)], judged)


def _against_ruler(name: str, effort: Effort) -> tuple[tuple[str, ...], Bar]:
    ours = Local("matcher", checked(name).match, events(name))
    # A round of Java is a process with its own warm-up: fewer and longer ones.
    turns = 1 if effort.quick else 2
    try:
        theirs = Ruler(data.workload(name))
        rates = interleave([ours], effort.rounds, effort.seconds)["matcher"].rounds
        other = tuple(theirs.run(max(1.0, 4 * effort.seconds)) for _ in range(turns))
    except AbsentError as missing:
        best = interleave([ours], effort.rounds, effort.seconds)["matcher"].best
        row = (
            name,
            f"{mean_size(name):.0f}",
            rate(best),
            f"{best * mean_size(name) / 1e9:.2f}",
            "absent",
            "",
            "",
            "",
            "",
        )
        return row, bars.against_ruler(name, None, str(missing))
    rates += interleave([ours], effort.rounds, effort.seconds)["matcher"].rounds
    best, peer = max(rates), max(other)
    total = sum(len(checked(name).match(event)) for event in events(name))
    row = (
        name,
        f"{mean_size(name):.0f}",
        rate(best),
        f"{best * mean_size(name) / 1e9:.2f}",
        rate(peer),
        f"{best / peer:.1f} x",
        _same(total, theirs.last.get("matches")),
        f"{theirs.last.get('load_s', 0):.2f}",
        f"{theirs.last.get('heap_mb', 0):.0f}",
    )
    return row, bars.against_ruler(name, best / peer)


def _same(ours: int, theirs: Any) -> str:
    return "yes" if theirs == ours else f"{ours} and {theirs}"


def peers(effort: Effort) -> Section:
    """How fast, and how right, are the Python event matchers that people have today?"""
    names = (
        ["lots-all", "eb-mixed-100"]
        if effort.quick
        else ["lots-all", "eb-exact-100", "eb-mixed-100", "eb-exact-1k", "eb-mixed-1k", "eb-mixed-10k"]
    )
    heads = (
        "matcher",
        "version",
        "workload",
        "events/s",
        "matcher is",
        "wrong events",
        "wrong rows",
        "faults accepted",
    )
    rows: list[tuple[str, ...]] = []
    with ExitStack() as stack:
        present, absent = _present(stack)
        conformance = _conformance(present)
        for name in names:
            rows += _peer_rows(name, present, conformance, effort)
    rows += [(peer, "absent", why, "", "", "", "", "") for peer, why in absent.items()]
    note = (
        f"wrong events: of the first {SAMPLE} of the workload, those with another list of names than matcher's, which was"
        " checked against the naive matcher. wrong rows: of conformance/single.jsonl, rows with an answer. faults"
        " accepted: of its rows whose pattern or event must be refused."
        " Those rows are made for edges: an engine that always says no is wrong on a third of them."
    )
    return Section([Table("Python peers", heads, rows, note)])


def _present(stack: ExitStack) -> tuple[list[Peer], dict[str, str]]:
    present, absent = [], {}
    for name in PACKAGES:
        try:
            present.append(stack.enter_context(Peer(name)))
        except AbsentError as missing:
            absent[name] = str(missing)
    return present, absent


def _conformance(present: list[Peer]) -> dict[str, tuple[str, str]]:
    """Wrong rows and accepted faults of each, in words; "no file" where the conformance rows are not beside the project."""
    if not CONFORMANCE.exists():
        return dict.fromkeys(["matcher", *(peer.name for peer in present)], ("no file", "no file"))
    counts = {"matcher": _own_conformance(CONFORMANCE)}
    counts |= {peer.name: peer.ask("conformance", str(CONFORMANCE)) for peer in present}
    return {
        name: (f"{found['wrong']} of {found['rows']}", f"{found['accepted']} of {found['must_refuse']}")
        for name, found in counts.items()
    }


def _own_conformance(path: Path) -> dict[str, int]:
    counts = {"rows": 0, "wrong": 0, "must_refuse": 0, "accepted": 0}
    for line in path.read_bytes().splitlines():
        row = orjson.loads(line)
        try:
            answer = bool(RuleSet({"row": row["pattern"]}).match(row["event"]))
        except (PatternError, EventError):
            answer = None
        if row["match"] is None:
            counts["must_refuse"] += 1
            counts["accepted"] += answer is not None
        else:
            counts["rows"] += 1
            counts["wrong"] += answer is not row["match"]
    return counts


def _peer_rows(
    name: str, present: list[Peer], conformance: dict[str, tuple[str, str]], effort: Effort
) -> Iterator[tuple[str, ...]]:
    ours = Local("matcher", checked(name).match, events(name))
    for peer in present:
        peer.load(data.workload(name))
    rates = interleave([ours, *present], effort.rounds, effort.seconds)
    right = [sorted(checked(name).match(event)) for event in events(name)[:SAMPLE]]
    best = rates["matcher"].best
    yield ("matcher", "this", name, rate(best), "1 x", f"0 of {len(right)}", *conformance["matcher"])
    for peer in present:
        answers = peer.ask("answers", _affordable(rates[peer.name].best, effort))["answers"]
        # An error's name in place of a list is wrong too; sorted, since order is no part of the peers' contract.
        pairs = zip(answers, right, strict=False)
        wrong = sum(not isinstance(answer, list) or sorted(answer) != names for answer, names in pairs)
        ratio = f"{best / rates[peer.name].best:,.0f} x faster"
        figures = (rate(rates[peer.name].best), ratio, f"{wrong} of {len(answers)}")
        yield (peer.name, peer.version, name, *figures, *conformance[peer.name])


def _affordable(events_per_s: float, effort: Effort) -> int:
    """How many events a slow peer may answer for the count of its errors."""
    return max(5, min(SAMPLE, int(events_per_s * (2 if effort.quick else 30))))
