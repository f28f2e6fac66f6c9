"""JSONPath as Jayway reads it: definite and indefinite paths, filters, slices, functions, and what is none."""

from __future__ import annotations

import time

import pytest

from matcher.errors import QueryError
from matcher.query.jsonpath import compile_path
from matcher.query.reference import MISSING

STORE = {
    "book": [
        {"title": "a", "price": 8.95, "isbn": "1"},
        {"title": "b", "price": 12.99},
        {"title": "c", "price": 8.99, "isbn": "3"},
    ],
    "bicycle": {"price": 19.95},
    "limit": 10,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.limit", 10),
        ("$.book[-1].title", "c"),
        ("$.none", MISSING),
        ("$.book[*].title", ["a", "b", "c"]),
        ("$.book[0:2].title", ["a", "b"]),
        ("$.book[1:].title", ["b", "c"]),
        ("$.book[:1].title", ["a"]),
        ("$.book[0,2].title", ["a", "c"]),
        ("$..price", [8.95, 12.99, 8.99, 19.95]),
        ("$.book[?(@.isbn)].title", ["a", "c"]),
        ("$.book[?(@.price < 10)].title", ["a", "c"]),
        ("$.book[?(@.price < $.limit)].title", ["a", "c"]),
        ("$.book[?(@.price > 10 || @.title == 'a')].title", ["a", "b"]),
        ("$.book[?(@.title =~ /[AB]/i)].title", ["a", "b"]),
        ("$.book[?(@.title in ['b', 'c'])].title", ["b", "c"]),
        ("$.book[?(@.price > 100)]", []),
        ("$.none[*].title", MISSING),
        ("$.book[*].none", []),
        ("$.book.length()", 3),
        ("$.book[*].price.max()", 12.99),
        ("$.limit.length()", MISSING),
        ("$$.book[*].title", ["a", "b", "c"]),
        ("$shop.book[0].title", "a"),
        ("$shop.book[*].title", ["a", "b", "c"]),
    ],
)
def test_find(path, found):
    assert compile_path(path).find(STORE) == found


def test_a_path_knows_its_root_and_whether_it_is_definite():
    assert (compile_path("$shop.book[*]").root, compile_path("$$.a").root) == ("shop", "$")
    assert compile_path("$.a.b").definite
    assert not compile_path("$.a..b").definite


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("$.none", "No results for path: $['none']"),
        ("$.none.a", "Missing property in path $['none']"),
        ("$.book[9]", "Index out of bounds when evaluating path $['book'][9]"),
        ("$.limit.length()", "The function at the end of $.limit.length() can't be applied"),
    ],
)
def test_why_a_value_is_missing(path, why):
    assert compile_path(path).missing(STORE) == why


def test_a_hostile_regular_expression_and_a_deep_document_are_bounded():
    begun = time.perf_counter()
    assert compile_path("$.a[?(@.b =~ /(a|aa)+$/)]").find({"a": [{"b": "a" * 60 + "!"}]}) is MISSING
    deep: list = []
    for _ in range(3_000):
        deep = [deep]
    assert compile_path("$..a").find({"d": deep}) is MISSING
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("path", ["$.a[?match(@.b, 'x')]", "book", "$.book[", "$.book[?(@.a ==)]", "$.book[?(@.a", "$.[", "$.a b"])
def test_what_is_no_path_says_where(path):
    with pytest.raises(QueryError, match=r"character \d+"):
        compile_path(path)
