"""Turn a compiled rule set into a file and back.

Layout: MAGIC, a digest (BLAKE2b, 32 bytes) of all that follows, the header's size (8 bytes, little-endian), the header
(JSON: version, settings, names, paths, sizes), then owners, offsets and programs as the core keeps them. The digest is
checked before anything is read, so a damaged file never reaches the core.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import orjson

from matcher.errors import StoreError
from matcher.limits import Limits

__all__ = ["Parts", "read", "write"]

MAGIC = b"matcher rule set\n"
VERSION = 1
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a rule set is made of. `names` by owner; `owners`: those in use, in order; `dump`: see Machine.dump."""

    validate: Literal["strict", "structural"]
    limits: Limits
    names: list[Any]
    owners: list[int]
    dump: tuple[list[str], bytes, bytes, bytes]


def write(path: str | os.PathLike[str], parts: Parts) -> None:
    """Write the file whole or not at all."""
    used = set(parts.owners)
    names = [name if owner in used else None for owner, name in enumerate(parts.names)]
    for name in names:
        if not isinstance(name, str | int | float | bool | None):
            raise TypeError(f"save keeps names that are str, int, float, bool or None, not {name!r}: use pickle")
    paths, *blocks = parts.dump
    header = orjson.dumps(
        {
            "version": VERSION,
            "byteorder": sys.byteorder,
            "validate": parts.validate,
            "limits": asdict(parts.limits),
            "names": names,
            "owners": parts.owners,
            "paths": paths,
            "sizes": [len(block) for block in blocks],
        }
    )
    body = b"".join([len(header).to_bytes(8, "little"), header, *blocks])
    target = Path(path)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + blake2b(body, digest_size=_DIGEST).digest())
            file.write(body)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def read(path: str | os.PathLike[str]) -> Parts:
    """Read the file. Raises StoreError if it is not a saved rule set, is damaged, or is of another version."""
    data = Path(path).read_bytes()
    if not data.startswith(MAGIC):
        raise StoreError(f"{os.fspath(path)}: not a saved rule set")
    start = len(MAGIC) + _DIGEST
    body = memoryview(data)[start:]
    if blake2b(body, digest_size=_DIGEST).digest() != data[len(MAGIC) : start]:
        raise StoreError(f"{os.fspath(path)}: damaged (its digest does not fit)")
    size = int.from_bytes(body[:8], "little")
    header = orjson.loads(body[8 : 8 + size])
    if header["version"] != VERSION or header["byteorder"] != sys.byteorder:
        raise StoreError(
            f"{os.fspath(path)}: written as version {header['version']}, {header['byteorder']}-endian; "
            f"this reads version {VERSION}, {sys.byteorder}-endian"
        )
    blocks, at = [], 8 + size
    for length in header["sizes"]:
        blocks.append(bytes(body[at : at + length]))
        at += length
    owners, offsets, programs = blocks
    return Parts(
        header["validate"],
        Limits(**header["limits"]),
        header["names"],
        header["owners"],
        (header["paths"], owners, offsets, programs),
    )
