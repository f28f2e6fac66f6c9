"""Turn how far a long run got into a file from which it goes on, and refuse one that is of another run."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson

from matcher.errors import EventError, StoreError
from matcher.offline.answers import Place, Tally
from matcher.offline.sources import SourceFault
from matcher.ruleset import RuleSet

__all__ = ["Checkpoint", "State", "digest"]

_VERSION: Final = 1
_KIND: Final = "matcher checkpoint"
_SECONDS: Final = 2.0  # between two writings
_HEAD: Final = 4096  # bytes of a file's beginning that tell it from another

Path_ = str | os.PathLike[str]


@dataclass(slots=True)
class State:
    """How far a run got: sources before `at` are done, `place` is in that one; `tallies` of all that were begun.

    `output` is the length in bytes of what was written by then, None where nothing is written to a file.
    """

    at: int = 0
    place: Place = field(default_factory=Place)
    tallies: list[Tally] = field(default_factory=list)
    output: int | None = None
    done: bool = False


def digest(rules: RuleSet[Any]) -> str:
    """Give a digest of all that decides a rule set's answers: names, patterns, validation, limits."""
    parts = rules.copy()._parts()
    plain = repr((parts.validate, parts.limits, parts.names, parts.owners, parts.dump[0])).encode("utf-8", "replace")
    made = blake2b(plain, digest_size=16)
    for block in parts.dump[1:]:
        made.update(b"%d:%b" % (len(block), block))
    return made.hexdigest()


class Checkpoint:
    """The file of one run: over these rules and sources, with these `settings` (name → what it was set to).

    Raises StoreError for a source that can't be read twice.
    """

    def __init__(
        self, path: Path_, rules: RuleSet[Any], sources: Sequence[str], settings: Mapping[str, str] | None = None
    ) -> None:
        self.path = Path(path)
        for source in sources:
            if source == "-" or (Path(source).exists() and not Path(source).is_file()):
                name = "standard input" if source == "-" else source
                raise StoreError(f"{self.path}: {name} can't be read again from where a run stopped: give files")
        self._names = list(rules)
        self._run: dict[str, Any] = {
            "rules": digest(rules),
            "settings": dict(settings or {}),
            "sources": [_identity(source) for source in sources],
        }
        self._due = time.monotonic() + _SECONDS

    def due(self) -> bool:
        """Tell whether it is time to write again."""
        return time.monotonic() >= self._due

    def load(self) -> State | None:
        """Give the state to go on from; None where there is no file. Raises StoreError if it is of another run."""
        try:
            plain = orjson.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except orjson.JSONDecodeError:
            plain = None
        if not isinstance(plain, dict) or plain.get("kind") != _KIND:
            raise StoreError(f"{self.path}: not a checkpoint")
        if plain.get("version") != _VERSION:
            raise StoreError(f"{self.path}: written as version {plain.get('version')}; this reads version {_VERSION}")
        self._compare(plain)
        try:
            return self._state(plain)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise StoreError(f"{self.path}: a damaged checkpoint ({error!r})") from None

    def _compare(self, plain: dict[str, Any]) -> None:
        if plain.get("rules") != self._run["rules"]:
            self._refuse("is of other rules")
        for name, now in self._run["settings"].items():
            before = plain.get("settings", {}).get(name)
            if before != now:
                self._refuse(f"is of a run with {name} {before or 'not given'}, not {now or 'not given'}")
        before, now = plain.get("sources", []), self._run["sources"]
        if [one["path"] for one in before] != [one["path"] for one in now]:
            gone = {one["path"] for one in before} ^ {one["path"] for one in now}
            self._refuse(f"is of other sources ({', '.join(sorted(gone)[:3]) or 'their order'})")
        for old, new in zip(before, now, strict=True):
            if old != new:
                told = f"{old['size']} bytes then, {new['size']} now" if old["size"] != new["size"] else "written since"
                self._refuse(f"is of other events: {new['path']} has changed ({told})")

    def _refuse(self, why: str) -> None:
        raise StoreError(f"{self.path}: this checkpoint {why}; remove it to begin anew")

    def _state(self, plain: dict[str, Any]) -> State:
        tallies = [self._tally(one) for one in plain["tallies"]]
        return State(plain["at"], Place(**plain["place"]), tallies, plain["output"], plain["done"])

    def _tally(self, plain: dict[str, Any]) -> Tally:
        names = Counter({self._names[owner]: count for owner, count in plain["rules"]})
        errors = [(line, byte, EventError(reason, at)) for line, byte, reason, at in plain["errors"]]
        fault = SourceFault(**plain["fault"]) if plain["fault"] else None
        return Tally(plain["events"], plain["matched"], plain["refused"], plain["bytes"], names, errors, fault)

    def save(self, state: State) -> None:
        """Write it whole or not at all, and safe from a loss of power. Raises OSError."""
        owners = {name: owner for owner, name in enumerate(self._names)}
        tallies = [
            {
                "events": tally.events,
                "matched": tally.matched,
                "refused": tally.refused,
                "bytes": tally.bytes,
                "rules": [(owners[name], count) for name, count in tally.by_name.items()],
                "errors": [(line, byte, error.reason, error.at) for line, byte, error in tally.errors],
                "fault": asdict(tally.fault) if tally.fault else None,
            }
            for tally in state.tallies
        ]
        rest = {"at": state.at, "place": asdict(state.place), "output": state.output, "done": state.done}
        whole = {"kind": _KIND, "version": _VERSION, **self._run, **rest, "tallies": tallies}
        _write(self.path, orjson.dumps(whole) + b"\n")
        self._due = time.monotonic() + _SECONDS

    def remove(self) -> None:
        """Forget it: the run is over."""
        self.path.unlink(missing_ok=True)


def _identity(source: str) -> dict[str, Any]:
    path = source.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        told = Path(source).stat()
        with Path(source).open("rb") as file:
            head = blake2b(file.read(_HEAD), digest_size=16).hexdigest()
    except OSError:
        return {"path": path, "size": None, "time": None, "head": None}
    return {"path": path, "size": told.st_size, "time": told.st_mtime_ns, "head": head}


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
