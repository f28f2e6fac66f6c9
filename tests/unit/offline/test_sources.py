"""Directories and globs give their event files in one order, each once; what can't be read is told and left."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from matcher import RuleSet
from matcher.offline import Chunk, SourceFault, count, expand, stream
from matcher.offline.sources import is_events

EVENT = b'{"a":"x"}\n'
RULES = RuleSet({"x": {"a": ["x"]}})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.jsonl", "a.json", "sub/c.log", "sub/deep/d.ndjson.gz", "notes.txt", "z/000000.gz", ".hidden.json",
                 ".git/e.json", "sub/.f.json", "a.tar.gz"):  # fmt: skip
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(EVENT)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "logs"


ALL = ["logs/a.json", "logs/b.jsonl", "logs/sub/c.log", "logs/sub/deep/d.ndjson.gz", "logs/z/000000.gz"]


def checked(*paths: str) -> tuple[list[str], list[str]]:
    faults: list[SourceFault] = []
    files = expand(paths, faults.append)
    return files, [str(fault) for fault in faults]


@contextmanager
def no_superuser() -> Iterator[None]:
    """Do as a user whom permissions bind, where the tests are run by one whom they do not."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.mark.usefixtures("folder")
class TestNames:
    @pytest.mark.parametrize("path", ["logs", "logs/", "./logs", "logs/**", "l*", "**"])
    def test_a_directory_stands_for_its_event_files(self, path: str) -> None:
        assert checked(path) == (ALL, [])

    def test_globs(self) -> None:
        assert expand(["logs/*.json*"]) == ALL[:2]
        assert expand(["logs/*"]) == sorted([*ALL, "logs/a.tar.gz", "logs/notes.txt"])
        assert expand(["logs/**/*.log", "**/deep/*", "lo*/**/d*"]) == ALL[2:4]
        assert expand(["logs/**/[ab].*"]) == ["logs/a.json", "logs/a.tar.gz", "logs/b.jsonl"]
        assert expand([Path("logs/sub/**/c.log").absolute().as_posix()]) == [str(Path("logs/sub/c.log").absolute())]

    def test_what_is_named_is_taken_in_the_order_named(self) -> None:
        assert expand(["-", "logs/notes.txt", "logs/.hidden.json", "logs", "logs/b.jsonl", "-"]) == [
            "-", "logs/notes.txt", "logs/.hidden.json", *ALL]  # fmt: skip

    def test_a_file_with_magic_in_its_name(self) -> None:
        Path("logs/[1].json").write_bytes(EVENT)
        assert expand(["logs/[1].json"]) == ["logs/[1].json"]

    @pytest.mark.parametrize("name", ["a.JSON", "a.json.ZST", "x.y.log.gz", "0001.gz"])
    def test_names_of_events(self, name: str) -> None:
        assert is_events(name)

    @pytest.mark.parametrize("name", ["a", "json", "a.txt", "a.tar.gz", "a.json.bz2", "a.parquet"])
    def test_other_names(self, name: str) -> None:
        assert not is_events(name)


@pytest.mark.usefixtures("folder")
class TestLinks:
    def test_loops_are_not_followed(self) -> None:
        for name in ("one", "two", "three"):
            Path("logs/sub", name).symlink_to("..")
        for path in ("logs", "logs/**", "logs/**/*.*"):
            assert [file for file in expand([path]) if is_events(Path(file).name)] == ALL

    def test_a_file_comes_once(self) -> None:
        Path("logs/latest.json").symlink_to("a.json")
        Path("0.json").symlink_to("logs/a.json")
        assert expand(["logs"]) == ALL
        assert expand(["0.json", "logs"]) == ["0.json", *ALL[1:]]

    def test_a_link_to_a_directory_is_followed_where_it_is_named(self) -> None:
        Path("link").symlink_to("logs/sub")
        assert expand(["link"]) == ["link/c.log", "link/deep/d.ndjson.gz"]

    def test_links_to_nothing_and_to_themselves(self) -> None:
        Path("logs/broken.json").symlink_to("gone.json")
        Path("logs/loop.json").symlink_to("loop.json")
        files, faults = checked("logs")
        assert files == ALL
        assert faults == [
            "logs/broken.json: a broken link to gone.json",
            "logs/loop.json: Too many levels of symbolic links",
        ]


@pytest.mark.usefixtures("folder")
class TestFaults:
    def test_pipes_devices_and_sockets_are_left_out(self) -> None:
        os.mkfifo("logs/pipe.json")
        Path("logs/null.json").symlink_to("/dev/null")
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("logs/socket.json")
            for path in ("logs", "logs/*.json*", "logs/**/*.json*"):
                files, faults = checked(path)
                assert (files, faults) == ([file for file in ALL if path == "logs" or ".json" in file], [])

    def test_a_pipe_that_is_named_is_read(self) -> None:
        os.mkfifo("pipe")
        assert expand(["pipe"]) == ["pipe"]

    def test_nothing_there(self) -> None:
        Path("logs/empty/inner").mkdir(parents=True)
        files, faults = checked("logs/empty", "none.json", "none/*.json", "none/**", "logs/a.json")
        assert files == ["logs/a.json"]
        names = ".json .jsonl .ndjson .log, with .gz .zst or not"
        assert faults == [
            f"logs/empty: a directory without files of events (names in {names})",
            "none.json: No such file or directory",
            "none/*.json: no file fits this glob",
            "none/**: no file fits this glob",
        ]

    def test_reading_tells_the_same_and_goes_on(self) -> None:
        Path("logs/broken.json").symlink_to("gone.json")
        Path("logs/empty").mkdir()
        Path("logs/sub/deep/d.ndjson.gz").write_bytes(b"")
        assert expand(["logs/empty"]) == []
        paths = ["logs/broken.json", "logs/empty", "none/*", "logs/a.json"]
        faults: list[SourceFault] = []
        chunks: list[Chunk[str]] = list(stream(RULES, paths, fault=faults.append))
        counted = count(RULES, ["logs/broken.json", "none/*", "logs/a.json"])
        assert [chunk.answers for chunk in chunks] == [[["x"]]]
        assert (counted.events, counted.faults) == (1, [faults[0], faults[2]])
        assert [str(fault)[:40] for fault in faults] == [
            "logs/broken.json: a broken link to gone.json"[:40],
            "logs/empty: a directory without files of events"[:40],
            "none/*: no file fits this glob",
        ]

    def test_a_directory_that_cannot_be_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scandir = os.scandir

        def refused(path: str) -> object:
            if str(path).endswith("sub"):
                raise PermissionError(13, "Permission denied", path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refused)
        expected = ([*ALL[:2], ALL[4]], ["logs/sub: Permission denied"])
        assert checked("logs") == expected
        assert checked("logs/**") == expected
        assert checked("logs/sub") == ([], expected[1])
        assert count(RULES, "logs/sub").faults == [SourceFault("logs/sub", "Permission denied")]

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions are another thing there")
    def test_without_permission(self) -> None:
        Path().chmod(0o755)
        Path("logs/sub").chmod(0)
        Path("logs/a.json").chmod(0)
        try:
            with no_superuser():
                counted = count(RULES, ["logs/sub", "logs/sub/*", "logs/sub/x.json", "logs/a.json", "logs/b.jsonl"])
        finally:
            Path("logs/sub").chmod(0o700)
        assert [str(fault) for fault in counted.faults] == [
            f"{path}: Permission denied" for path in ("logs/sub", "logs/sub/*", "logs/sub/x.json", "logs/a.json")
        ]
        assert counted.events == 1

    def test_a_file_that_cannot_be_read(self) -> None:
        """Reading the first page of a process fails with an error of the disk's kind, whoever reads."""
        counted = count(RULES, ["logs/a.json", "/proc/self/mem", "logs/b.jsonl"])
        assert counted.events == 2
        assert [(fault.source, fault.reason) for fault in counted.faults] == [("/proc/self/mem", "Input/output error")]

    def test_a_file_that_vanishes(self) -> None:
        Path("logs/z/000000.gz").unlink()
        Path("logs/sub/deep/d.ndjson.gz").unlink()
        files = expand(["logs"])
        Path("logs/b.jsonl").unlink()
        counted = count(RULES, files)
        assert counted.events == 2
        assert [str(fault) for fault in counted.faults] == ["logs/b.jsonl: No such file or directory"]
