"""Every recorded execution of AWS Step Functions, run again: status, output, error, cause, and the events of the history.

Tasks, readers and activities are answered from the recorded history. What can't be equal stands in EXCEPTIONS, each with
its reason; an exception that no longer differs fails.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import DefinitionError
from matcher.workflow.definition import load
from matcher.workflow.drive import Run, World, run
from matcher.workflow.happenings import (
    Call,
    Happening,
    ItemsRead,
    Read,
    ReadFailed,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
)
from matcher.workflow.program import compile_machine

FOLDER = Path(__file__).parents[2] / ".." / "shared" / "corpora" / "asl"

CHANGED = "the template was changed before it ran: the definition holds a mark where the history shows another value"
RECORDED = "the recording holds a name in the place of the value"
NO_ITEMS = "what the reader read was not recorded: the items are guessed from the output, which batches"
CHILDREN = "tasks of child executions are not in the history of their parent"
PARALLEL = "the recording sorts the events of branches by type, points them at 0, and drops ParallelStateSucceeded"
CONNECTOR = "the service refused the request, which is for who serves the task to say"
TOGETHER = "all four tasks timed out before AWS dealt with the first; here the first one's end stops the others"
EITHER = "AWS points a distributed Map's exit at MapRunStarted or at MapRunSucceeded; here always at the latter"

#: What of which rows is not compared, and why. The first part is a regular expression for the whole test's name.
EXCEPTIONS: tuple[tuple[str, frozenset[str], str], ...] = tuple(
    (name, frozenset(parts.split()), reason)
    for name, parts, reason in (
        (r"test_base_jsonata_regular_expressions\[.*", "output events", CHANGED),
        (r"test_merge_with_dynamic_args", "output events", CHANGED),
        (r"test_base_output_any_non_dict\[(NULL|INT|FLOAT|BOOL|STR_LIT|JSONATA_EXPR|LIST_EMPY|LIST_RICH)\]", "output events", CHANGED),
        (r"test_map_item_reader(_base)?_csv_headers_decl.*", "definition", CHANGED),
        (r"test_map_state_items_eval_jsonata.*\[(?!.*sampling).*", "definition", CHANGED),
        (r"test_input_path\[\$\$\.Execution\.Input\]", "definition", CHANGED),
        (r"test_variable", "definition", CHANGED),
        (r"test_map_state_items(_eval_jsonata)?_variable_sampling(_fail)?\[.*", "cause events", CHANGED),
        (r"test_math_random_seeded", "output events", RECORDED),
        (r"test_(base_cases\[BASE_PATHS|reference_assign\[BASE_REFERENCE_IN_WAIT)\]", "events", RECORDED),
        (r"test_assign_from_value\[BASE_ASSIGN_FROM_INTRINSIC_FUNCTION\]", "events", RECORDED),
        (r"test_sqs_wait_for_task_token(_task_failure|_call_chain)?|test_multiple_executions_and_.*", "events", RECORDED),
        (r"test_map_catch_error\[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY\]", "events", CHANGED),
        (r".*\[VALID_ITEMS_PATH_FROM_INPUT\]", "events", CHANGED),
        (r"test_map_item_batching_.*|.*\[MAP_STATE_REFERENCE_IN_MAX_PER_BATCH_PATH\]", "output events", NO_ITEMS),
        (r"test_map_state_config_distributed_reentrant_lambda|test_map_state_lambda", "output events", CHILDREN),
        (r"test_parallel_state(_order|\[.*)?|test_base_parallel_cases\[.*", "previous", PARALLEL),
        (r"test_parallel_state_lambda", "output previous events", RECORDED + "; " + PARALLEL),
        (r"test_invoke_with_headers\[singleStringHeader\]|test_activity_task_on_deleted", "status error cause output types", CONNECTOR),
        (r"test_service_lambda_map_timeout", "types", TOGETHER),
        (r"test_(map|reference_in)_.*", "previous", EITHER),
    )
)


def rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


ROWS = [*rows("executions.jsonl"), *rows("executions_with_tasks.jsonl")]


def test_the_recordings_are_there() -> None:
    if not ROWS and os.environ.get("CI") != "true":
        pytest.skip(f"{FOLDER} is absent: the recordings stand beside the project")
    assert len(ROWS) == 207 + 132


def parsed(value: Any) -> Any:
    """What was JSON text in the API may be shown as text or as its value."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def same(found: Any, recorded: Any) -> bool:
    """Equal, but for numbers that stand for identifiers and for JSON shown as text."""
    if isinstance(recorded, str) and isinstance(found, str) and "<json-input:" in recorded:
        return re.fullmatch(re.sub(r"<json\\-input:\d+>", ".*", re.escape(recorded)), found) is not None
    if isinstance(found, dict) and isinstance(recorded, dict):
        return found.keys() == recorded.keys() and all(same(found[name], recorded[name]) for name in found)
    return found == recorded or parsed(found) == parsed(recorded)


class Recording:
    """Answers tasks and readers as they were answered when the history was made."""

    def __init__(self, history: list[dict[str, Any]]) -> None:
        self.history = history
        self.scheduled = [number for number, event in enumerate(history, 1) if event["type"].endswith("Scheduled")]
        self.called = 0

    def serve(self, call: Call) -> Iterator[Happening]:
        if self.called == len(self.scheduled):
            yield TaskSucceeded({})
            return
        number = self.scheduled[self.called]
        self.called += 1
        while True:
            number, event = self.following(number)
            answer = self.answer(event)
            if answer is not None:
                yield answer
            if number == 0 or not event["type"].endswith(("Started", "Submitted")):
                return

    def following(self, number: int) -> tuple[int, dict[str, Any]]:
        """The event of the same task behind that one; where branches are recorded, of the task of the same rank."""
        kinds = re.compile(r"(Task|LambdaFunction|Activity)(?!State)")
        if self.history[number - 1]["previousEventId"] == 0:
            ends = [event for event in self.history if event["type"].endswith("TaskSucceeded")]
            return 0, ends[self.scheduled.index(number)]
        for other, event in enumerate(self.history, 1):
            if event["previousEventId"] == number and kinds.match(event["type"]):
                return other, event
        return 0, {}

    @staticmethod
    def answer(event: dict[str, Any]) -> Happening | None:
        match re.sub(r"^(Task|LambdaFunction|Activity)", "", event.get("type", "")):
            case "Submitted":
                return TaskSubmitted(event.get("output"))
            case "Succeeded":
                return TaskSucceeded(parsed(event.get("output")))
            case "Failed":
                cause = event.get("cause")
                return TaskFailed(event.get("error"), cause if cause is None or isinstance(cause, str) else json.dumps(cause, separators=(",", ":")))
        return None

    def read(self, _read: Read) -> ItemsRead | ReadFailed:
        for event in self.history:
            if event["type"] == "MapRunFailed":
                return ReadFailed(event["cause"])
            if event["type"] == "MapStateExited":
                items = parsed(event["output"])
                return ItemsRead(items if isinstance(items, list) else [], exhausted=True)
        raise AssertionError("the history has no end of the Map")


def differences(row: dict[str, Any]) -> set[str]:
    try:
        program = compile_machine(load(row["definition"]))
    except DefinitionError:
        return {"definition"}
    recording = Recording(row["history"])
    done = run(program, parsed(row["input"]), World(recording.serve, recording.read))
    found = {
        "status": done.ended.status == row["status"],
        "output": same(done.ended.output, row.get("output")),
        "error": done.ended.error == row.get("error"),
        "cause": same(done.ended.cause, row.get("cause")),
        **compared(done, row["history"]),
    }
    return {part for part, equal in found.items() if not equal}


def compared(done: Run, history: list[dict[str, Any]]) -> dict[str, bool]:
    events = [event for event in done.events if event.history == 0]
    if any(event["type"] == "ParallelStateExited" for event in history):
        kept = (event for event in events if event.type != "ParallelStateSucceeded")
        events = sorted(kept, key=lambda event: (event.type, (event.details or {}).get("name", "")))
        history = sorted(history, key=lambda event: (event["type"], event.get("name", "")))
    if [event.type for event in events] != [event["type"] for event in history]:
        return {"types": False}
    pairs = list(zip(events, history, strict=True))
    return {
        "previous": all(event.previous == recorded["previousEventId"] for event, recorded in pairs),
        "events": all(told(event.details or {}, recorded) for event, recorded in pairs),
    }


#: Fields of the recording that say where AWS ran it.
PLACES = {"type", "previousEventId", "resource", "assignedVariables"}


def told(details: dict[str, Any], recorded: dict[str, Any]) -> bool:
    values = details.get("assignedVariables", {})
    texts = recorded.get("assignedVariables", {})
    if values.keys() != texts.keys() or not all(texts[name] == value or parsed(texts[name]) == value for name, value in values.items()):
        return False
    return all(same(details.get(name), value) for name, value in recorded.items() if name not in PLACES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_an_execution(row: dict[str, Any]) -> None:
    name = row["id"].split("::")[-1].split("/")[0]
    allowed = {part for pattern, parts, _ in EXCEPTIONS if re.fullmatch(pattern, name) for part in parts}
    assert differences(row) - allowed == set()


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda exception: exception[0])
def test_an_exception_is_still_one(exception: tuple[str, frozenset[str], str]) -> None:
    if not ROWS:
        pytest.skip(f"{FOLDER} is absent: the recordings stand beside the project")
    pattern, parts, _ = exception
    names = [row for row in ROWS if re.fullmatch(pattern, row["id"].split("::")[-1].split("/")[0])]
    assert parts <= set().union(*map(differences, names))
