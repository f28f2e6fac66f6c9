"""JSONata: values, AWS's functions, errors and bounds; plain paths give what the engine gives."""

from __future__ import annotations

import time
from random import Random
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jlens import Expression

from matcher.errors import QueryError
from matcher.query.jsonata import FUNCTION, Bounds, EvaluationError, compile_expression
from matcher.query.reference import MISSING

VARIABLES = {"states": {"input": {"a": 1, "none": None, "list": [1, 2, 3], "one": [1], "empty": []}}, "x": {"y": 2}}


def value(text, **arguments):
    return compile_expression(text).evaluate(VARIABLES, **arguments)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$states.input.a", 1),
        ("$states.input.none", None),
        ("$states.input.list", [1, 2, 3]),
        ("$states.input.one", [1]),
        ("$states.input.empty", []),
        ("$states.input.absent", MISSING),
        ("$absent", MISSING),
        ("$x.y + 1", 3),
        ("{'a': $x.y, 'b': $absent}", {"a": 2}),
        ("function($v){$v}", FUNCTION),
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("$range(1, 1, 1)", 1),
        ("$hash('a', 'SHA-256')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("10 / 2", 5),
    ],
)
def test_a_value(text, found):
    assert value(text) == found
    assert (value(text) is MISSING) == (found is MISSING)


@pytest.mark.parametrize(
    ("text", "code"),
    [("$nothing()", "T1006"), ("'a' + 1", "T2001"), ("$partition([1], 0)", ""), ("$parse('{')", ""), ("$eval('1')", ""), ("$hash('a', 'x')", "")],
)
def test_an_error_has_its_code(text, code):
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("($f := function(){$f()}; $f())", "U1006"),
        ("($f := function($n){$n + $f($n + 1)}; $f(1))", "D1011"),
        ("[1..100000]", "U1001"),
        ("$pad('', 100000)", "U1001"),
    ],
)
def test_what_an_expression_may_cost_is_bounded(text, code):
    begun = time.perf_counter()
    with pytest.raises(EvaluationError) as caught:
        value(text, bounds=Bounds(steps=100_000, elements=1_000, size=1_000, depth=100))
    assert caught.value.code.startswith(code[:1])
    assert time.perf_counter() - begun < 1


def test_time_and_chance_come_from_outside():
    assert value("$now()", now=1_500_000_000.0) == "2017-07-14T02:40:00.000Z"
    assert value("$millis()", now=1.5) == 1500
    assert value("$random()", random=Random(1)) == value("$random()", random=Random(1))
    assert value("$random(5)", random=Random(1)) == value("$random(5)", random=Random(2))
    assert UUID(value("$uuid()", random=Random(1))).version == 4


@pytest.mark.parametrize("text", ["(1 +", "$a.", "{", "1 2"])
def test_what_is_no_expression_says_where(text):
    with pytest.raises(QueryError, match=r"character \d+"):
        compile_expression(text)


NAMES = st.sampled_from(["a", "b", "in", "and", "c1"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("xy", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(document=DOCUMENTS, names=st.lists(NAMES, max_size=3))
def test_a_plain_path_gives_what_the_engine_gives(document, names):
    text = ".".join(["$v", *names])
    try:
        expression = compile_expression(text)
    except QueryError:
        return
    found = expression.evaluate({"v": document})
    answer = Expression(text).evaluate_json(None, {"v": document})
    assert found == (MISSING if answer is None else orjson.loads(answer))


@pytest.mark.parametrize("text", ["$v[0]", "$v[b > 1].b", "$sum($v.b)", "$v.b[]", "$v ~> $map(function($i){$i.b})", "$v#$i.$i", "$exists($w)"])
def test_variables_mean_what_bindings_mean(text):
    document = [{"b": 1}, {"b": 2}, {"b": 3}]
    answer = orjson.loads(Expression(text).evaluate_json(None, {"v": document}))
    assert compile_expression(text).evaluate({"v": document, "unused": 1}) == answer


def test_a_variable_may_be_named_as_a_function_and_nothing_else_is_seen():
    assert compile_expression("$sum").evaluate({"sum": 5}) == 5
    assert compile_expression("$sum([1, 2])").evaluate({"x": 1}) == 3
    assert compile_expression("x").evaluate({"x": 1}) is MISSING
    assert compile_expression("states.input").evaluate(VARIABLES) is MISSING


def test_one_member_of_a_large_document_is_cheap():
    large = {"states": {"input": {"a": 1, "items": [{"id": number, "v": [1, 2, 3]} for number in range(20_000)]}}}
    expression = compile_expression("$states.input.a + 1")
    expression.evaluate(large)
    begun = time.perf_counter()
    for _ in range(100):
        assert expression.evaluate(large) == 2
    assert time.perf_counter() - begun < 0.5
