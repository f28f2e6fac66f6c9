"""Turn a bucket and a key into a file: of a local folder, or of anything that fsspec opens by its URL."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import orjson

from matcher.errors import MissingExtra
from matcher.workflow.frames import Json

__all__ = ["Files"]


class Files:
    """Buckets below a root. A key that leads out of it is refused by ValueError."""

    def __init__(self, root: str) -> None:
        self.root = root

    def list(self, bucket: str, prefix: str) -> Iterator[dict[str, Json]]:
        """Every file whose key begins with the prefix, in the order of keys, as ListObjectsV2 shows them."""
        if "://" in self._base(bucket):
            yield from self._remote_list(bucket, prefix)
            return
        base = Path(self._base(bucket))
        found = (Path(folder) / name for folder, _, names in os.walk(base) for name in names)
        keys = sorted(path.relative_to(base).as_posix() for path in found)
        for key in keys:
            if key.startswith(prefix):
                about = (base / key).stat()
                yield _listed(key, about.st_size, about.st_mtime)

    def _remote_list(self, bucket: str, prefix: str) -> Iterator[dict[str, Json]]:
        system, base = self._remote(bucket)
        for path, about in sorted(system.find(base, detail=True).items()):
            key = path.removeprefix(base).lstrip("/")
            if key.startswith(prefix):
                yield _listed(key, about.get("size") or 0, 0.0)

    def text(self, bucket: str, key: str) -> TextIO:
        """The file as text; a byte order mark at its begin is dropped."""
        return io.TextIOWrapper(self.binary(bucket, key), encoding="utf-8-sig", newline="")

    def data(self, bucket: str, key: str) -> bytes:
        with self.binary(bucket, key) as file:
            return cast("bytes", file.read())

    def binary(self, bucket: str, key: str) -> Any:
        if "://" in self._base(bucket):
            system, base = self._remote(bucket)
            return system.open(f"{base}/{key}", "rb")
        return self._local(bucket, key).open("rb")

    def parquet(self, bucket: str, key: str) -> Iterator[Json]:
        """The rows of a Parquet file, one group of them in memory at a time; what JSON has no type for is text."""
        try:
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise MissingExtra("parquet") from None
        with self.binary(bucket, key) as file:
            for batch in ParquetFile(file).iter_batches():
                yield from orjson.loads(orjson.dumps(batch.to_pylist(), default=str))

    def store(self, bucket: str, key: str, content: bytes) -> None:
        if "://" in self._base(bucket):
            system, base = self._remote(bucket)
            system.makedirs(f"{base}/{key}".rsplit("/", 1)[0], exist_ok=True)
            system.pipe_file(f"{base}/{key}", content)
            return
        path = self._local(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def _base(self, bucket: str) -> str:
        return f"{self.root.rstrip('/')}/{bucket}" if bucket else self.root

    def _local(self, bucket: str, key: str) -> Path:
        base = Path(self._base(bucket)).resolve()
        path = (base / key).resolve()
        if not path.is_relative_to(Path(self.root).resolve()):
            raise ValueError(f"the key {key!r} leads out of {self.root}")
        return path

    def _remote(self, bucket: str) -> tuple[Any, str]:
        try:
            from fsspec import url_to_fs
        except ImportError:
            raise MissingExtra("workflow") from None
        system, base = url_to_fs(self._base(bucket))
        return system, base


def _listed(key: str, size: int, modified: float) -> dict[str, Json]:
    return {"Key": key, "LastModified": int(modified), "Size": size, "StorageClass": "STANDARD"}
