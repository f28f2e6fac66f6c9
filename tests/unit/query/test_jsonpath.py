"""JSONPath as Jayway reads it: definite and indefinite paths, filters, slices, functions, and what is none."""

from __future__ import annotations

import pytest

from matcher.errors import QueryError
from matcher.query.jsonpath import CostError, compile_path
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


def nested(depth, leaf=1):
    value = leaf
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("path", "document", "why"),
    [
        ("$.a[?(@.b =~ /(a|aa)+$/)]", {"a": [{"b": "a" * 60 + "!"}]}, "regular expression"),
        ("$.a[?(@.b =~ /(a|aa)+$/)]", {"a": [{"b": "a" * 20 + "!"}] * 2_000}, "regular expression"),
        ("$..a", nested(3_000), "levels deep"),
        ("$..a..a..a..a..a..a", nested(200), "places"),
        ("$.a" + "[0,0,0,0]" * 12, {"a": [[[[[[[[[[[[1]]]]]]]]]]]]}, "places"),
        ("$.a[?(@.b[?(@.c == 2)])]", {"a": [{"b": [{"c": 1}] * 400}] * 400}, "places"),
    ],
)
def test_a_search_that_costs_too_much_is_given_up_and_finds_neither_something_nor_nothing(path, document, why):
    with pytest.raises(CostError, match=why):
        compile_path(path).find(document)


@pytest.mark.parametrize("document", ['{"a": 1}', "[1", "", 5, True, None])
@pytest.mark.parametrize("path", ["$..a", "$[*]", "$[?(@.a)]"])
def test_nothing_is_in_a_scalar_also_where_its_text_is_json(path, document):
    assert compile_path(path).find(document) == []


@pytest.mark.parametrize("document", [[1] * 120_000, [[1]] * 60_000, {"a": [{"b": 1}] * 15_000}])
def test_one_descent_goes_through_the_largest_payload(document):
    assert compile_path("$..*").find(document)


@pytest.mark.parametrize("path", ["$.a[?match(@.b, 'x')]", "book", "$.book[", "$.book[?(@.a ==)]", "$.book[?(@.a", "$.[", "$.a b"])
def test_what_is_no_path_says_where(path):
    with pytest.raises(QueryError, match=r"character \d+"):
        compile_path(path)
