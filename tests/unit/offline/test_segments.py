"""Packed logs are answered as plain ones are, byte for byte, whatever stands where a segment ends."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest

from matcher import Limits, RuleSet
from matcher.offline import Hit, SourceFault, count, scan
from matcher.offline.segments import are_there

pytestmark = pytest.mark.skipif(not are_there(), reason="there are no files in memory here")

RULES: dict[str, Any] = {"low": {"n": [{"numeric": ["<", 300]}]}, "x": {"s": ["x"]}}


def lines(rng: random.Random, count: int) -> bytes:
    made = []
    for _ in range(count):
        text = b'{"n": %d, "s": "%s"}' % (rng.randrange(1000), rng.choice([b"x", b"y" * rng.randrange(200)]))
        made.append(rng.choice([text] * 20 + [b"", b"  ", b'{"n": tru}', b"\xff", b" " * 300, b"z" * rng.randrange(400)]))
    return b"\n".join(made) + rng.choice([b"", b"\n", b"\n\n"])


@pytest.mark.parametrize("seed", range(30))
def test_answers_are_those_of_the_plain_file(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    size = rng.choice([64, 700, 5_000])
    monkeypatch.setattr("matcher.offline.segments._SEGMENT", size)
    monkeypatch.setattr("matcher.offline.segments._PIECE", rng.choice([size // 3, size * 2]))
    text = rng.choice([b"", b"\xef\xbb\xbf"]) + lines(rng, 600)
    (tmp_path / "plain").write_bytes(text)
    (tmp_path / "packed").write_bytes(gzip.compress(text, 1))
    rules = RuleSet(RULES, limits=Limits(line_bytes=rng.choice([90, 250, 1 << 20])))
    for every in (False, True):
        wanted, found = (
            [(hit.line, hit.byte, hit.rules, hit.event, str(hit.error)) for hit in scan(rules, tmp_path / name, every=every)]
            for name in ("plain", "packed")
        )
        assert found == wanted
    one, other = (count(rules, tmp_path / name) for name in ("plain", "packed"))
    assert (one.events, one.matched, one.refused, one.by_name) == (other.events, other.matched, other.refused, other.by_name)
    assert [(line, byte, str(error)) for line, byte, error in one.sources[0].errors] == [
        (line, byte, str(error)) for line, byte, error in other.sources[0].errors
    ]
    assert other.bytes == len(text)


def test_a_file_that_is_cut_off_gives_its_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.offline.segments._SEGMENT", 10_000)
    text = lines(random.Random(1), 20_000).replace(b"\xff", b"{}")
    (tmp_path / "log.gz").write_bytes(gzip.compress(text)[:-5_000])
    faults: list[SourceFault] = []
    hits: list[Hit[str]] = list(scan(RuleSet(RULES), tmp_path / "log.gz", every=True, faults=faults))
    (fault,) = faults
    assert "cut off" in fault.reason
    assert len(hits) > 1_000
    assert fault.byte is not None
    assert text[fault.byte - 1 : fault.byte] == b"\n"
    assert fault.line == text[: fault.byte].count(b"\n")
    assert hits[-1].line <= fault.line


def test_a_checkpoint_goes_on_within_a_packed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.offline.segments._SEGMENT", 3_000)
    monkeypatch.setattr("matcher.offline.segments._PIECE", 500)
    text = lines(random.Random(4), 3_000)
    (tmp_path / "log.gz").write_bytes(gzip.compress(text))
    rules, saved = RuleSet(RULES), tmp_path / "here"
    wanted = [(hit.line, hit.byte) for hit in scan(rules, tmp_path / "log.gz")]
    found: list[tuple[int, int | None]] = []
    for part in range(100):
        hits = scan(rules, tmp_path / "log.gz", checkpoint=saved)
        for number, hit in enumerate(hits):
            found.append((hit.line, hit.byte))
            if number == 200 + part:
                break
        hits.close()  # type: ignore[attr-defined]
        if not saved.exists():
            break
    # What was given of a chunk comes again where the reader left within it.
    assert list(dict.fromkeys(found)) == wanted
