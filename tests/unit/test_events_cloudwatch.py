"""Exports, pages and subscription records of CloudWatch give their messages; what only looks like them stays whole."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from matcher import EventError, Limits, RuleSet
from matcher.events import SourceError, is_plain_lines, read
from matcher.offline import scan, stream

ONE, TWO = '{"a":"x","t":"\\u00e9\\n"}', '{"a": ["y", {"b": "}"}]}'
STAMP = b"2026-01-02T03:04:05.678Z "


class Trickle(io.RawIOBase):
    def __init__(self, data: bytes, size: int) -> None:
        self.data = io.BytesIO(data)
        self.size = size

    def read(self, size: int = -1) -> bytes:
        return self.data.read(self.size)


def found(data: bytes, size: int = 1 << 20, limit: int | None = None) -> list[tuple[int, int, str]]:
    """Give number, place, and text or error, of each event."""
    every = []
    for batch in read(Trickle(data, size), line_bytes=limit):
        texts = batch.judge([text.decode() for text in batch.texts])
        every += zip(batch.numbers, batch.offsets, map(str, texts), strict=True)
    return every


def always(data: bytes, limit: int | None = None) -> list[tuple[int, int, str]]:
    """Do as `found`, with pieces of every size, packed and not."""
    expected = found(data, limit=limit)
    for size in (1, 2, 7, 64):
        assert found(data, size, limit) == expected
    assert found(gzip.compress(data), limit=limit) == expected
    return expected


def log_event(message: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": 1767323045678, "message": message, **more}


def record(*messages: str, **more: Any) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/events/x", "logStream": "s",
        "subscriptionFilters": ["all"],
        "logEvents": [log_event(message, id=f"{number:056}") for number, message in enumerate(messages)], **more,
    }  # fmt: skip


CONTROL = record("CWL CONTROL MESSAGE: Checking health of destination Firehose.", messageType="CONTROL_MESSAGE")


def texts(every: list[tuple[int, int, str]]) -> list[str]:
    return [text for _, _, text in every]


class TestExport:
    def test_the_event_is_behind_the_timestamp(self) -> None:
        data = STAMP + ONE.encode() + b"\r\n\n2026-12-31T23:59:60Z " + TWO.encode()
        assert always(data) == [(1, 25, ONE + "\r"), (3, data.index(TWO.encode()), TWO)]

    def test_it_is_no_plain_file_of_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "export.log"
        path.write_bytes(STAMP + ONE.encode() + b"\n")
        assert not is_plain_lines(path)

    def test_places_and_errors_point_into_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "export.log"
        lines = [
            STAMP + b'{"a":"x"}',
            STAMP + b"START RequestId: 1",
            STAMP + b'{"a":tru}',
            b'{"a":"x"}',
            STAMP + b'{"a":"x"}',
        ]
        path.write_bytes(b"\n".join(lines))
        text = path.read_bytes()
        hits = list(scan(RuleSet({"x": {"a": ["x"]}}), path, every=True))
        assert [hit.line for hit in hits] == [1, 2, 3, 4, 5]
        assert [hit.rules for hit in hits] == [("x",), (), (), ("x",), ("x",)]
        for hit in hits:
            assert hit.byte is not None and hit.event is not None
            assert text[hit.byte :].startswith(hit.event)
        refused = hits[2]
        assert refused.error is not None and refused.byte is not None
        assert text[refused.byte + refused.error.at - 4 :].startswith(b":tru}")

    def test_a_message_goes_on_over_lines_while_it_is_open(self) -> None:
        pretty = '{\n  "a": {\n\n    "b": "}"\n  }\n}'
        data = (
            STAMP
            + pretty.encode()
            + b"\n"
            + STAMP
            + b'{"a":\n'
            + STAMP
            + b'{"c":"\n{"d":1}\nword\nword\n'
            + STAMP
            + b"{}"
        )
        assert texts(always(data)) == [pretty.replace("\n\n", "\n"), '{"a":', '{"c":"', '{"d":1}', "word", "word", "{}"]
        assert [number for number, _, _ in found(data)] == [1, 7, 8, 9, 10, 11, 12]

    def test_long_ones_are_passed_over(self) -> None:
        long = STAMP + b'{"a":"' + b"x" * 300 + b'"}\n'
        several = STAMP + b'{"a":[\n' + b'"x",\n' * 40 + b"1]}\n"
        data = STAMP + b'{"n":1}\n' + long + STAMP + b'{"n":2}\n' + several + STAMP + b'{"n":3}\n' + long[:-1]
        told = "at byte 100: a line of more than the limit of 100 bytes (Limits.line_bytes)"
        assert texts(always(data, 100)) == ['{"n":1}', told, '{"n":2}', told, '{"n":3}', told]

    @pytest.mark.parametrize("first", ["2026-01-02T03:04:05.678Z", "2026-01-02 03:04:05Z {}", "26-01-02T03:04:05Z {}"])
    def test_other_words_are_lines(self, first: str) -> None:
        assert texts(always(f"{first}\n{{}}".encode())) == [first, "{}"]


class TestPages:
    page: ClassVar[dict[str, Any]] = {
        "events": [log_event(ONE, ingestionTime=1, eventId="e", logStreamName="s"), log_event(TWO)],
        "searchedLogStreams": [],
    }

    @pytest.mark.parametrize("indent", [None, 4])
    def test_the_messages_are_the_events(self, indent: int | None) -> None:
        data = json.dumps(self.page, indent=indent).encode()
        every = always(data)
        assert texts(every) == [ONE, TWO]
        for _, place, text in every:
            assert data[place - 1 :].startswith(json.dumps(text).encode())

    def test_several_pages(self) -> None:
        page = json.dumps(self.page)
        assert texts(always(f"{page}\n{page}".encode())) == [ONE, TWO] * 2
        pretty = json.dumps({"events": [log_event(ONE)], "nextForwardToken": "f"}, indent=1)
        assert texts(always(f"{pretty}\n{pretty}\n".encode())) == [ONE] * 2
        assert always(b'{"events": [], "nextForwardToken": "f", "nextBackwardToken": "b"}') == []

    def test_open_on_the_first_line(self) -> None:
        first, second = (json.dumps(log_event(text)) for text in (ONE, TWO))
        assert texts(always(f'{{"events": [\n{first},\n{second}\n]}}'.encode())) == [ONE, TWO]

    def test_one_that_is_larger_than_what_is_held(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("matcher.events._LOOK", 1000)
        page = {"events": [log_event(ONE) for _ in range(200)], "searchedLogStreams": []}
        for indent in (None, 1):
            assert texts(always(json.dumps(page, indent=indent).encode(), limit=1000)) == [ONE] * 200

    def test_one_that_is_cut_off(self) -> None:
        data = json.dumps(self.page, indent=1).encode()
        given = []
        with pytest.raises(SourceError, match="after element 1: the text ends within a value"):
            for batch in read(io.BytesIO(data[: data.index(b"searched") - 40])):
                given += batch.texts
        assert given == [ONE.encode()]

    def test_a_long_message_is_passed_over(self) -> None:
        page = {"events": [log_event(ONE), log_event('{"a":"' + "x" * 500 + '"}'), log_event(TWO)], "nextToken": "n"}
        every = always(json.dumps(page, indent=1).encode(), limit=200)
        told = "at byte 200: an element of more than the limit of 200 bytes (Limits.line_bytes)"
        assert texts(every) == [ONE, told, TWO]


class TestRecords:
    @pytest.mark.parametrize("between", ["", "\n", "\n\n", " "])
    def test_one_a_line_or_without_anything_between(self, between: str) -> None:
        every = [record(ONE), CONTROL, record(TWO, ONE), record(TWO)]
        data = between.join(map(json.dumps, every)).encode()
        given = always(data)
        assert texts(given) == [ONE, TWO, ONE, TWO]
        assert [number for number, _, _ in given] == [1, 2, 3, 4]
        for _, place, text in given:
            assert data[place - 1 :].startswith(json.dumps(text).encode())

    def test_a_control_message_may_come_first_or_alone(self) -> None:
        assert texts(always(json.dumps(CONTROL).encode() + json.dumps(record(ONE)).encode())) == [ONE]
        assert always(json.dumps(CONTROL).encode()) == []

    def test_over_several_lines(self) -> None:
        data = "\n".join(json.dumps(each, indent=2) for each in (record(ONE), CONTROL, record(TWO))).encode()
        assert texts(always(data)) == [ONE, TWO]

    def test_members_in_any_order(self) -> None:
        turned = dict(reversed(record(ONE, TWO).items()))
        assert texts(always(json.dumps(turned).encode())) == [ONE, TWO]
        assert texts(always(json.dumps(turned, indent=1).encode())) == [ONE, TWO]

    def test_a_broken_line_is_one_event_and_reading_goes_on(self) -> None:
        good = json.dumps(record(ONE))
        lines = [good, good[:-30], '{"plain": 1}', "word", good + '{"cut": ', good]
        given = always("\n".join(lines).encode())
        assert texts(given) == [ONE, good[:-30], '{"plain": 1}', "word", ONE, '{"cut": ', ONE]

    def test_what_is_before_a_break_stands(self) -> None:
        whole = json.dumps(record(ONE, TWO))
        given = always(f"{whole}\n{whole[:-30]}\n{whole}".encode())
        assert texts(given)[:3] + texts(given)[4:] == [ONE, TWO, ONE, ONE, TWO]
        assert texts(given)[3].startswith(f"at byte {len(whole) - 30}: log events that break off: the text ends within")

    def test_a_long_record_is_passed_over(self) -> None:
        good, long = json.dumps(record(ONE)), json.dumps(record("x" * 1000))
        for between in ("\n", ""):
            given = always(between.join([good, long, good]).encode(), limit=600)
            assert texts(given) == [
                ONE,
                "at byte 600: a line of more than the limit of 600 bytes (Limits.line_bytes)",
                ONE,
            ]


ORDINARY = [
    {"events": []},
    {"events": [log_event(ONE)], "source": "shop"},
    {"events": [{"message": ONE}]},
    {"events": [log_event(ONE), 1]},
    {"events": [{**log_event(ONE), "timestamp": "now"}]},
    {"events": [log_event(ONE, more=1)]},
    {"events": log_event(ONE)},
    {"detail": {"events": [log_event(ONE)]}},
    {"logEvents": [log_event(ONE, id="1")]},
    record(ONE, messageType="OTHER"),
    record(ONE, logGroup=1),
    record(ONE, logEvents=[log_event(ONE)]),
    {"detail": record(ONE)},
    {"logEvents": [], "events": [log_event(ONE)]},
]


@pytest.mark.parametrize("value", ORDINARY, ids=range(len(ORDINARY)))
def test_an_ordinary_event_stays_one(value: dict[str, Any], tmp_path: Path) -> None:
    line, pretty = json.dumps(value), json.dumps(value, indent=2)
    path = tmp_path / "events.jsonl"
    for text in (line, f"{line}\n{line}\n"):
        assert texts(always(text.encode())) == text.split("\n")[: text.count("\n") or 1]
        path.write_text(text)
        assert is_plain_lines(path)
    assert texts(always(pretty.encode())) == [pretty]


def test_messages_that_are_no_json_are_refused_with_their_number() -> None:
    rules = RuleSet({"x": {"a": ["x"]}})
    data = json.dumps(record(ONE, "START RequestId: 1", "", '{"a":', ONE)).encode()
    for batch in read(io.BytesIO(data)):
        answers = batch.judge(rules.match_many(batch.texts, errors="return"))
        assert batch.numbers == [1, 2, 3, 4, 5]
        assert [isinstance(answer, EventError) for answer in answers] == [False, True, True, True, False]
        assert answers[0] == ["x"]


def test_a_chunk_has_its_places(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf{"a": 1}\n\n  {"a": 2}\r\n{"a": "' + b"x" * 99 + b'"}\n{}'))
    chunks = list(stream(RuleSet({"x": {"a": [1]}}, limits=Limits(line_bytes=50)), [str(path)]))
    assert [number for chunk in chunks for number in chunk.numbers] == [1, 3, 4, 5]
    assert [place for chunk in chunks for place in chunk.offsets or ()] == [3, 13, 25, 134]
    assert chunks[-1].end == 136
    told = [str(answer) for chunk in chunks for answer in chunk.answers if isinstance(answer, EventError)]
    assert told == ["at byte 50: a line of more than the limit of 50 bytes (Limits.line_bytes)"]
