"""Inputs and answers that can't be stored are refused at the door, or fail their task; nothing waits for them."""

from __future__ import annotations

import asyncio

import pytest

from matcher.errors import TargetError
from matcher.target import Message
from matcher.workflow import TaskError, Workflow, WorkflowRefusal
from tests.unit.workflow.host.making import machine, task

DEEP: list[object] = []
for _ in range(300):
    DEEP = [DEEP]
PASS = {"Type": "Pass"}


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    return None if request.param == "memory" else f"sqlite:///{tmp_path}/w.db"


@pytest.mark.parametrize(
    ("given", "why"),
    [(DEEP, "Recursion limit"), ("\ud800", "UTF-8"), (2**70, "64-bit"), ({1: 2}, "Dict key"), ({1, 2}, "set"), ("x" * 300_000, "limit payload_bytes")],
)
def test_an_input_that_can_not_be_kept_is_refused(store, given, why):
    with Workflow.load(machine(PASS), store=store) as flow:
        with pytest.raises(WorkflowRefusal, match=f"InvalidExecutionInput.*{why}"):
            flow.run(given)
        assert flow.run({"a": 1}).result() == {"a": 1}
        assert len(flow.list()) == 1


def test_a_delivery_whose_body_can_not_be_kept_is_not_tried_again():
    async def deliver():
        async with Workflow.load(machine(PASS)) as flow:
            with pytest.raises(TargetError) as refused:
                await flow.send(Message(b"[" * 300 + b"]" * 300, b"{}", "e", "b", "r", "t", "d"))
            return refused.value

    error = asyncio.run(deliver())
    assert (error.retryable, error.code) == (False, "InvalidExecutionInput")


@pytest.mark.parametrize("answer", [DEEP, "\ud800", 2**70, {1: 2}, {1, 2}])
def test_a_task_whose_answer_is_no_json_has_failed(store, answer):
    with Workflow.load(machine(task()), tasks={"f": lambda _given: answer}, store=store) as flow:
        record = flow.run({})
        assert record.status == "FAILED"


@pytest.mark.parametrize("error", [RuntimeError("\ud800"), TaskError("E\ud800", "c\ud800")])
def test_an_error_in_words_that_can_not_be_kept_is_told_without_them(store, error):
    def fail(_given):
        raise error

    with Workflow.load(machine(task()), tasks={"f": fail}, store=store) as flow:
        record = flow.run({})
        assert (record.status, record.error) == ("FAILED", "E?" if isinstance(error, TaskError) else "RuntimeError")
        assert "?" in record.cause
