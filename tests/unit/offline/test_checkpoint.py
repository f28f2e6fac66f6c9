"""A run that is killed anywhere goes on from its checkpoint to the very output of a run that was not."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from random import Random

import pytest

from matcher import EventError, RuleSet
from matcher.errors import StoreError
from matcher.offline import SourceFault, count, export, scan
from matcher.offline import checkpoint as checkpoints
from matcher.offline.answers import Place, Tally
from matcher.offline.checkpoint import Checkpoint, State, digest
from matcher.offline.output import Export

ROOT = Path(__file__).parents[3]
RULES = {"x": {"a": ["x"]}, "big": {"n": [{"numeric": [">", 500]}]}}

# Runs the command line, and is killed right before or behind the Nth call that changes a file. A checkpoint is due
# behind every chunk.
KILLED = """
import os, signal, sys
from pathlib import Path
from matcher.cli import main
from matcher.offline import checkpoint

checkpoint._SECONDS = 0
left, behind = int(sys.argv.pop(1)), sys.argv.pop(1) == "behind"

def killing(call):
    def called(*arguments, **options):
        global left
        left -= 1
        if left == 0 and not behind:
            if call is write:  # half of it
                call(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return call(*arguments, **options)
        finally:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
    return called

write = os.write
for name in ("write", "fsync", "ftruncate"):
    setattr(os, name, killing(getattr(os, name)))
for name in ("replace", "unlink"):
    setattr(Path, name, killing(getattr(Path, name)))
sys.exit(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs of several chunks: plain lines, packed lines, an array, and a source that is cut off."""
    folder = tmp_path_factory.mktemp("logs")
    random = Random(5)
    lines = []
    for number in range(9_000):
        match random.randrange(30):
            case 0:
                lines.append("")
            case 1:
                lines.append('{"a": x}')
            case _:
                lines.append(
                    json.dumps({"a": random.choice("xyz"), "n": random.randrange(600), "i": number, "l": "y" * 400})
                )
    text = "\n".join(lines)
    (folder / "rules.json").write_text(json.dumps(RULES))
    (folder / "a.jsonl").write_text(text)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[::-1]).encode(), 1))
    events = [line for line in lines[:3_000] if line]
    (folder / "c.json").write_text("[" + ",\n".join(event for event in events if "x}" not in event) + "]")
    (folder / "d.jsonl.gz").write_bytes(gzip.compress(text.encode(), 1)[:-30])
    return folder


def command(folder: Path, form: str, *more: str, killed: tuple[int, str] | None = None) -> tuple[int, bytes, str]:
    """Run `matcher scan`; give its exit code, what it wrote, and the summary."""
    head = [sys.executable, "-m", "matcher.cli"]
    if killed is not None:
        head = [sys.executable, "-c", KILLED, str(killed[0]), killed[1]]
    names = ["a.jsonl", "b.jsonl.gz", "c.json", "d.jsonl.gz"]
    arguments = ["scan", "rules.json", *names, "--format", form, *more, "--threads", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*head, *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
@pytest.mark.parametrize("form", ["jsonl", "count"])
@pytest.mark.parametrize("seed", range(4))
def test_a_killed_run_goes_on_to_the_same_output(folder: Path, tmp_path: Path, form: str, seed: int) -> None:
    output = ("--output", str(tmp_path / "out")) if form == "jsonl" else ()
    whole = command(folder, form, *(("--output", str(tmp_path / "whole")) if output else ()))
    assert whole[0] == 2  # for the source that is cut off
    random = Random(seed)
    kills = 0
    for _ in range(40):
        point = (random.randrange(1, 25), random.choice(["before", "behind"]))
        code, out, err = command(folder, form, *output, "--checkpoint", str(tmp_path / "ck"), killed=point)
        if code != -signal.SIGKILL:
            break
        kills += 1
    assert kills >= 2
    assert code == whole[0], err
    assert out == whole[1]
    if output:
        assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()
    assert not (tmp_path / "ck").exists()
    assert counted(err) == counted(whole[2])


def counted(summary: str) -> list[str]:
    """The lines of a summary without what depends on the time and on earlier runs."""
    lines = summary.splitlines()
    return [*lines[:-1], lines[-1].split(" refused")[0]]


def plain(value: object) -> object:
    """Data that can be compared: errors are equal only to themselves."""
    match value:
        case EventError():
            return str(value)
        case list() | tuple():
            return [plain(one) for one in value]
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case _ if is_dataclass(value):
            return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


class Ended(Exception):
    """What a pulse raises in these tests."""


def pulse(steps: int):
    left = [steps]

    def beat() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Ended

    return beat


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 7, 9])
@pytest.mark.parametrize("stop", [None, 700])
def test_a_run_that_is_ended_goes_on_in_another(folder: Path, tmp_path: Path, steps: int, stop: int | None) -> None:
    rules = RuleSet(RULES)
    sources = [folder / "a.jsonl", folder / "b.jsonl.gz", folder / "c.json"]
    whole = export(rules, sources, tmp_path / "whole", limit=stop)
    first = Export(rules, sources, tmp_path / "out", limit=stop, checkpoint=tmp_path / "ck", pulse=pulse(steps))
    with pytest.raises(Ended):
        first.run()
        raise Ended  # the limit may come first
    if (tmp_path / "ck").exists():
        again = Export(rules, sources, tmp_path / "out", limit=stop, checkpoint=tmp_path / "ck")
        assert again.resumed
        assert plain(again.counts()) == plain(first.counts())
        again.run()
        again.finish()
        assert plain(again.counts()) == plain(whole)
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()


def test_hits_go_on_behind_those_that_were_taken(folder: Path, tmp_path: Path) -> None:
    rules = RuleSet(RULES)
    sources = [folder / "a.jsonl", folder / "b.jsonl.gz"]
    whole = list(scan(rules, sources))
    hits = scan(rules, sources, checkpoint=tmp_path / "ck")
    taken = [next(hits) for _ in range(2_000)]
    hits.close()  # type: ignore[attr-defined]
    rest = list(scan(rules, sources, checkpoint=tmp_path / "ck"))
    # Those of the last chunk come again.
    assert plain(taken) == plain(whole[:2_000])
    assert plain(rest) == plain(whole[-len(rest) :])
    assert len(whole) - 2_000 <= len(rest) < len(whole)
    assert not (tmp_path / "ck").exists()


def test_counting_goes_on(folder: Path, tmp_path: Path) -> None:
    rules = RuleSet(RULES)
    sources = [folder / "a.jsonl", folder / "b.jsonl.gz"]
    with pytest.raises(Exception, match="misspelt|expected") as stopped:
        count(rules, sources, max_refused=200, checkpoint=tmp_path / "ck")
    assert "a.jsonl: line " in stopped.value.__notes__[0]
    saved = Checkpoint(tmp_path / "ck", rules, [str(source) for source in sources], {"format": "count"}).load()
    assert saved is not None
    assert saved.tallies[0].refused == 201
    assert plain(count(rules, sources, checkpoint=tmp_path / "ck")) == plain(count(rules, sources))
    assert not (tmp_path / "ck").exists()


class TestRefusals:
    @pytest.fixture
    def saved(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        Path("e.jsonl").write_text('{"a": "x"}\n' * 10)
        Path("f.jsonl").write_text('{"a": "y"}\n' * 10)
        made = Checkpoint("ck", RuleSet(RULES), ["e.jsonl", "f.jsonl"], {"emit": ""})
        made.save(State())
        return Path("ck")

    def load(self, rules: dict[str, object] = RULES, sources: tuple[str, ...] = ("e.jsonl", "f.jsonl"), emit: str = ""):
        return Checkpoint("ck", RuleSet(rules), sources, {"emit": emit}).load()  # type: ignore[arg-type]

    def test_the_same_run_is_none(self, saved: Path) -> None:
        assert self.load() == State()

    def test_other_rules(self, saved: Path) -> None:
        with pytest.raises(StoreError, match="ck: this checkpoint is of other rules; remove it to begin anew"):
            self.load({**RULES, "x": {"a": ["y"]}})

    def test_other_sources(self, saved: Path) -> None:
        with pytest.raises(StoreError, match=r"is of other sources \(f.jsonl\)"):
            self.load(sources=("e.jsonl",))
        with pytest.raises(StoreError, match=r"is of other sources \(their order\)"):
            self.load(sources=("f.jsonl", "e.jsonl"))

    def test_other_settings(self, saved: Path) -> None:
        with pytest.raises(StoreError, match="is of a run with emit not given, not rule,line"):
            self.load(emit="rule,line")

    def test_events_that_changed(self, saved: Path) -> None:
        with Path("f.jsonl").open("a") as file:
            file.write("{}\n")
        with pytest.raises(StoreError, match=r"of other events: f.jsonl has changed \(110 bytes then, 113 now\)"):
            self.load()

    def test_events_that_were_written_over(self, saved: Path) -> None:
        told = Path("e.jsonl").stat()
        Path("e.jsonl").write_text('{"a": "z"}\n' * 10)
        os.utime("e.jsonl", ns=(told.st_atime_ns, told.st_mtime_ns))
        with pytest.raises(StoreError, match=r"e.jsonl has changed \(written since\)"):
            self.load()

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "x"}', '{"kind": "matcher checkpoint", "version": 9}'])
    def test_what_is_no_checkpoint(self, saved: Path, text: str) -> None:
        saved.write_text(text)
        with pytest.raises(StoreError, match="ck: (not a checkpoint|written as version 9)"):
            self.load()

    def test_a_damaged_one(self, saved: Path) -> None:
        plain = json.loads(saved.read_text())
        del plain["place"]
        saved.write_text(json.dumps(plain))
        with pytest.raises(StoreError, match="a damaged checkpoint"):
            self.load()

    def test_sources_that_flow(self, saved: Path) -> None:
        with pytest.raises(StoreError, match="standard input can't be read again"):
            self.load(sources=("-",))

    def test_an_output_that_is_shorter_than_what_was_written(self, saved: Path) -> None:
        rules = RuleSet(RULES)
        first = Export(rules, ["e.jsonl", "f.jsonl"], "out", checkpoint="ck2", pulse=pulse(2))
        with pytest.raises(Ended):
            first.run()
        assert Path("out").stat().st_size > 5
        Path("out").write_bytes(b"")
        with pytest.raises(OSError, match=r"out: has 0 bytes, the checkpoint is of \d+: it was changed since"):
            Export(rules, ["e.jsonl", "f.jsonl"], "out", checkpoint="ck2").run()
        assert Path("ck2").exists()


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    rules = RuleSet({("a", 1): RULES["x"], "b": RULES["big"]})
    source = tmp_path / "e.jsonl"
    source.write_text('{"a": "x", "n": 600}\n{"a": x}\n')
    made = Checkpoint(tmp_path / "ck", rules, [str(source)])
    assert made.load() is None
    tally = Tally(1, 1, 1, 30, errors=[])
    next(iter(scan(rules, source)))
    for hit in scan(rules, source):
        tally.add([(hit.line, hit.byte, hit.error or list(hit.rules), None)])
    tally.fault = SourceFault(str(source), "cut off", 3, 44)
    state = State(0, Place(44, 3), [tally], 17, True)
    made.save(state)
    back = made.load()
    assert back is not None
    errors = back.tallies[0].errors
    assert [(line, byte, str(error)) for line, byte, error in errors] == [
        (line, byte, str(error)) for line, byte, error in tally.errors
    ]
    back.tallies[0].errors = tally.errors
    assert back == state
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_a_digest_is_that_of_the_answers() -> None:
    first = RuleSet(RULES)
    assert digest(first) == digest(RuleSet(RULES))
    assert digest(first) != digest(RuleSet(RULES, validate="structural"))
    assert digest(first) != digest(RuleSet(dict(reversed(RULES.items()))))
    first.add("more", {"a": [1]})
    first.remove("more")
    assert digest(first) == digest(RuleSet(RULES))


def test_a_checkpoint_is_written_every_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now[0])
    made = Checkpoint(tmp_path / "ck", RuleSet(RULES), [])
    assert not made.due()
    now[0] += 2
    assert made.due()
    made.save(State())
    assert not made.due()
