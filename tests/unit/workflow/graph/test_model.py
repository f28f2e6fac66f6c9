"""States, the ways between them, and the words for both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.workflow.asl.machine import And, Comparison, Condition, Not, Or
from matcher.workflow.definition import load
from matcher.workflow.graph.model import END, START, Edge, Kind, graph
from matcher.workflow.graph.wording import condition, detail

ORDER = json.loads((Path(__file__).parent / "order.json").read_text())


def test_a_machine_s_ways() -> None:
    made = graph(load(ORDER))
    by_source: dict[str, list[Edge]] = {}
    for edge in made.edges:
        by_source.setdefault(edge.source, []).append(edge)
    assert by_source[START] == [Edge(START, "Validate order", Kind.START)]
    assert by_source["Done"] == [Edge("Done", END, Kind.END)]
    assert "Reject order" not in by_source
    assert by_source["Validate order"] == [
        Edge("Validate order", "Large order?", Kind.NEXT),
        Edge("Validate order", "Reject order", Kind.CATCH, "InvalidOrder"),
    ]
    assert [(edge.target, edge.kind, edge.label) for edge in by_source["Large order?"]] == [
        ("Wait for approval", Kind.RULE, "$.total ≥ 1000"),
        ("Wait for approval", Kind.RULE, "$.customer.new = true and $.total > 200"),
        ("Charge card", Kind.DEFAULT, "otherwise"),
    ]


def test_what_lies_within() -> None:
    made = graph(load(ORDER))
    names = [[node.name for node in part.nodes] for part in made.walk()]
    assert names[1:] == [
        ["Pick and ship items"],
        ["In stock?", "Backorder", "Ship item"],
        ["Send receipt", "Update loyalty points"],
    ]


PAST = Comparison("$.a", "TimestampLessThan", "$$.b", by_path=True)
SET = Comparison("$.a", "IsPresent", True)


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (Comparison("$.a", "StringEquals", "x"), '$.a = "x"'),
        (Comparison("$.a", "NumericGreaterThanEquals", 1.5), "$.a ≥ 1.5"),
        (Comparison("$.a", "StringMatches", "log-*"), '$.a like "log-*"'),
        (Comparison("$.a", "IsNull", False), "$.a is not null"),
        (PAST, "$.a < $$.b"),
        (And((PAST, Or((SET, Not(SET))))), "$.a < $$.b and ($.a is present or not $.a is present)"),
        (Not(And((PAST, SET))), "not ($.a < $$.b and $.a is present)"),
        ("{% $states.input.a\n  > 5 %}", "$states.input.a > 5"),
        (True, "true"),
    ],
)
def test_conditions_in_words(tree: Condition | str | bool, words: str) -> None:
    assert condition(tree) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:1:function:f:live"}, "Task · f"),
        ({"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:a"}, "Task · a"),
        ({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets"}, "Task · s3:listBuckets"),
        ({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}, "Task · states:startExecution, until done"),
        ({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}, "Task · sqs:sendMessage, until called back"),
        ({"Type": "Task", "Resource": "charge"}, "Task · charge"),
        ({"Type": "Task", "Resource": "ask.me.waitForTaskToken"}, "Task · ask.me, until called back"),
        ({"Type": "Wait", "Seconds": 90}, "Wait · 90 s"),
        ({"Type": "Wait", "Seconds": 172800}, "Wait · 2 d"),
        ({"Type": "Wait", "TimestampPath": "$.at"}, "Wait · $.at"),
        ({"Type": "Wait", "Seconds": "{% 1 %}", "QueryLanguage": "JSONata"}, "Wait · 1"),
        ({"Type": "Pass"}, "Pass"),
    ],
)
def test_states_in_words(state: dict[str, Any], words: str) -> None:
    assert detail(load({"StartAt": "S", "States": {"S": {**state, "End": True}}}).states["S"]) == words
