"""Reference paths: what they name, what they set, and what is none."""

from __future__ import annotations

import pickle

import pytest

from matcher.errors import QueryError
from matcher.query.reference import CONTEXT, INPUT, MISSING, parse

DOCUMENT = {"a": {"b": [1, {"c": None}]}, "d e": 2, "it's": 3, "ключ": 4, "x-y": 5}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("$.a.b[0]", 1),
        ("$.a.b[1].c", None),
        ("$.a.b[-1].c", None),
        ("$['a']['b'][0]", 1),
        ('$["d e"]', 2),
        (r"$['it\'s']", 3),
        ("$.ключ", 4),
        ("$.x-y", 5),
        ("$.a.b[2]", MISSING),
        ("$.a.b[-3]", MISSING),
        ("$.a.b.c", MISSING),
        ("$.a[0]", MISSING),
        ("$.none", MISSING),
        ("$.a.b[0].c", MISSING),
    ],
)
def test_get(path, value):
    assert parse(path).get(DOCUMENT) is value or parse(path).get(DOCUMENT) == value


@pytest.mark.parametrize(("path", "root"), [("$.a", INPUT), ("$$.a", CONTEXT), ("$name.a", "name"), ("$$", CONTEXT)])
def test_roots(path, root):
    assert parse(path).root == root


@pytest.mark.parametrize("path", ["$", "$.a.b[0]", "$$.Execution.Id", "$name['d e']", r"$['it\'s']", r"$['back\\slash']"])
def test_the_text_of_a_reference_reads_back(path):
    assert str(parse(path)) == path


@pytest.mark.parametrize(
    ("document", "path", "result"),
    [
        ({"a": 1}, "$", 9),
        ({"a": 1}, "$.a", {"a": 9}),
        ({"a": 1}, "$.b.c", {"a": 1, "b": {"c": 9}}),
        ({"a": {"b": 1}}, "$.a.c", {"a": {"b": 1, "c": 9}}),
        ({"a": [1, 2]}, "$.a[1]", {"a": [1, 9]}),
        ({"a": [{"b": 1}]}, "$.a[0].c", {"a": [{"b": 1, "c": 9}]}),
    ],
)
def test_set(document, path, result):
    before = pickle.dumps(document)
    assert parse(path).set(document, 9) == result
    assert pickle.dumps(document) == before


@pytest.mark.parametrize(
    ("document", "path"), [({"a": 1}, "$.a.b"), ([1], "$.a"), ({"a": []}, "$.a[0]"), ({}, "$.a[0]"), (None, "$.a")]
)
def test_a_barred_way(document, path):
    with pytest.raises(LookupError, match="Unable to apply step"):
        parse(path).set(document, 9)


@pytest.mark.parametrize(
    ("path", "at"),
    [("a.b", 1), ("", 1), ("$.a[*]", 4), ("$..a", 2), ("$.a[?(@.b)]", 4), ("$.a[1:2]", 4), ("$.", 2), ("$a b", 3)],
)
def test_what_is_no_reference_says_where(path, at):
    with pytest.raises(QueryError, match=f"character {at}:") as caught:
        parse(path)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
