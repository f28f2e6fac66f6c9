"""Name what a workflow definition says: frozen data, its fields as the Amazon States Language names them.

A field `ItemsPath` is the attribute `items_path`, and holds what the definition holds: paths, templates and JSONata
expressions are the text that was written. What was left out is the language's default, or `None` where it has none,
or `ABSENT` where null is a value. `End: true` is `next is None`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, TypeAlias

__all__ = [
    "ABSENT",
    "Absent",
    "And",
    "Catcher",
    "Choice",
    "ChoiceRule",
    "Comparison",
    "Condition",
    "ExecutionType",
    "Fail",
    "ItemBatcher",
    "ItemReader",
    "Json",
    "Machine",
    "Map",
    "Mode",
    "Not",
    "Or",
    "Parallel",
    "Pass",
    "Processor",
    "QueryLanguage",
    "ReaderConfig",
    "ResultWriter",
    "Retrier",
    "State",
    "Succeed",
    "Task",
    "Wait",
    "Worker",
    "WriterConfig",
]

Json: TypeAlias = Any


class Absent(Enum):
    """The type of `ABSENT`: no value was written, which is not the same as null."""

    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent.ABSENT


class QueryLanguage(StrEnum):
    """How a state reads and shapes data."""

    JSONPATH = "JSONPath"
    JSONATA = "JSONata"


class Mode(StrEnum):
    """Whether a Map's items run within its execution or each as an execution of its own."""

    INLINE = "INLINE"
    DISTRIBUTED = "DISTRIBUTED"


class ExecutionType(StrEnum):
    """What the child executions of a distributed Map are."""

    STANDARD = "STANDARD"
    EXPRESS = "EXPRESS"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What every state has. `pointer` is its JSON pointer in the definition."""

    name: str
    pointer: str
    language: QueryLanguage
    comment: str = ""
    input_path: str | None = "$"
    output_path: str | None = "$"
    #: JSONata: what the state gives on. ABSENT: its result, or its input where it has none.
    output: Json | Absent = ABSENT
    assign: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    """Give on the input, or a result that stands in the definition."""

    next: str | None = None
    parameters: Json | Absent = ABSENT
    result: Json | Absent = ABSENT
    result_path: str | None = "$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(State):
    """End the machine, or the branch, well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    """End the execution with an error. In JSONata, `error` and `cause` may be expressions."""

    error: str | None = None
    error_path: str | None = None
    cause: str | None = None
    cause_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(State):
    """Wait for a time or until one. Exactly one of the four is set; in JSONata the first two may be expressions."""

    next: str | None = None
    seconds: int | str | None = None
    timestamp: str | None = None
    seconds_path: str | None = None
    timestamp_path: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`Variable` compared with a value of the definition, or with what the path `value` finds if `by_path`.

    `operator` is the field's name without `Path`: `StringEquals`, `IsPresent`, …
    """

    variable: str
    operator: str
    value: Json
    by_path: bool = False


@dataclass(frozen=True, slots=True)
class And:
    """All of `parts` hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of `parts` holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`part` does not hold."""

    part: Condition


Condition: TypeAlias = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRule:
    """One way out of a Choice. `condition` is JSONata text (or a plain true or false), else a tree."""

    pointer: str
    condition: Condition | str | bool
    next: str
    output: Json | Absent = ABSENT
    assign: Mapping[str, Json] | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    """Go on by the first rule whose condition holds, else to `default`."""

    choices: tuple[ChoiceRule, ...]
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrier:
    """When to try again, and after how long."""

    pointer: str
    error_equals: tuple[str, ...]
    interval_seconds: int = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: int | None = None
    jitter_strategy: str = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """Where to go with an error."""

    pointer: str
    error_equals: tuple[str, ...]
    next: str
    result_path: str | None = "$"
    output: Json | Absent = ABSENT
    assign: Mapping[str, Json] | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(State):
    """What Task, Parallel and Map share: arguments, a result, and what to do about errors."""

    next: str | None = None
    arguments: Json | Absent = ABSENT
    parameters: Json | Absent = ABSENT
    result_selector: Json | Absent = ABSENT
    result_path: str | None = "$"
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Worker):
    """Call what `resource` names."""

    resource: str
    timeout_seconds: int | str | None = None
    timeout_seconds_path: str | None = None
    heartbeat_seconds: int | str | None = None
    heartbeat_seconds_path: str | None = None
    credentials: Json | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(Worker):
    """Run every branch on the same input; the result is the list of what they gave."""

    branches: tuple[Machine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderConfig:
    """How the file of an ItemReader is written, and how much of it is read."""

    input_type: str | None = None
    transformation: str | None = None
    csv_header_location: str | None = None
    csv_headers: tuple[str, ...] | None = None
    csv_delimiter: str | None = None
    manifest_type: str | None = None
    items_pointer: str | None = None
    max_items: int | str | None = None
    max_items_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReader:
    """Where a distributed Map finds its items."""

    resource: str
    parameters: Json | Absent = ABSENT
    arguments: Json | Absent = ABSENT
    reader_config: ReaderConfig = ReaderConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How many items one iteration of a distributed Map is given."""

    batch_input: Json | Absent = ABSENT
    max_items_per_batch: int | str | None = None
    max_items_per_batch_path: str | None = None
    max_input_bytes_per_batch: int | str | None = None
    max_input_bytes_per_batch_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterConfig:
    """How results are written."""

    output_type: str | None = None
    transformation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """Where a distributed Map puts its results."""

    resource: str | None = None
    parameters: Json | Absent = ABSENT
    arguments: Json | Absent = ABSENT
    writer_config: WriterConfig = WriterConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(Worker):
    """Run the processor for each item; the result is the list of what they gave.

    `processor` is ItemProcessor, or the older Iterator. The older `Parameters` is `parameters`, and shapes each item
    as `item_selector` does. JSONata gives the items by `items`, JSONPath by `items_path`.
    """

    processor: Processor
    items: Json | Absent = ABSENT
    items_path: str | None = None
    item_selector: Json | Absent = ABSENT
    item_reader: ItemReader | None = None
    item_batcher: ItemBatcher | None = None
    result_writer: ResultWriter | None = None
    max_concurrency: int | str | None = None
    max_concurrency_path: str | None = None
    tolerated_failure_count: int | str | None = None
    tolerated_failure_count_path: str | None = None
    tolerated_failure_percentage: float | str | None = None
    tolerated_failure_percentage_path: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """States by name, and where to start: a whole definition, a branch of a Parallel, or what a Map runs."""

    pointer: str
    start_at: str
    states: Mapping[str, State]
    language: QueryLanguage = QueryLanguage.JSONPATH
    comment: str = ""
    version: str = "1.0"
    timeout_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor(Machine):
    """What a Map runs for each item."""

    mode: Mode = Mode.INLINE
    execution_type: ExecutionType | None = None
