"""Collect what is wrong with a definition: faults with the codes of AWS's ValidateStateMachineDefinition."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from matcher.errors import Fault
from matcher.workflow.asl.limits import DEFAULT
from matcher.workflow.asl.machine import QueryLanguage
from matcher.workflow.asl.naming import pointer_to

__all__ = ["Code", "Diagnostic", "Place", "Report", "Severity", "TooManyFaults", "shown"]

_SHOWN: Final = 60


class Severity(StrEnum):
    """An error refuses the definition, a warning does not."""

    ERROR = "ERROR"
    WARNING = "WARNING"


class Code(StrEnum):
    """AWS's codes with AWS's meaning; the last three are warnings of our own."""

    INVALID_JSON = "INVALID_JSON_DESCRIPTION"
    SCHEMA = "SCHEMA_VALIDATION_FAILED"
    RESOURCE = "INVALID_RESOURCE"
    NO_END = "MISSING_END_STATE"
    DUPLICATE_STATE = "DUPLICATE_STATE_NAME"
    STATE_NAME = "INVALID_STATE_NAME"
    DUPLICATE_LABEL = "DUPLICATE_LABEL_NAME"
    LABEL = "INVALID_LABEL_NAME"
    NO_TARGET = "MISSING_TRANSITION_TARGET"
    TOO_DEEP = "TOO_DEEPLY_NESTED"
    NO_DOLLAR = "NO_DOLLAR"
    NO_PATH = "NO_PATH"
    STATIC_RESULT = "PASS_RESULT_IS_STATIC"
    DEPRECATED = "DEPRECATED_FIELD"
    IGNORED = "IGNORED_FIELD"
    UNKNOWN_ERROR = "UNKNOWN_ERROR_NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic(Fault):
    """A fault with its severity and AWS's code for it."""

    code: Code
    severity: Severity = Severity.ERROR


class TooManyFaults(Exception):
    """The report holds as many errors as it may, and says so; nothing more is looked for."""


class Report:
    """The diagnostics of one definition, in the order in which they were found; of errors at most `most`."""

    def __init__(self, most: int = DEFAULT.errors) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.most = most
        self.errors = 0
        #: Where each state's name, and each Map's label, was first used: they are unique in a whole definition.
        self.names: dict[str, str] = {}
        self.labels: dict[str, str] = {}

    @property
    def failed(self) -> bool:
        return self.errors > 0

    def add(self, found: Diagnostic) -> None:
        self.diagnostics.append(found)
        if found.severity is Severity.ERROR:
            self.errors += 1
            if self.errors > self.most:
                self.diagnostics[-1] = Diagnostic(
                    "", f"more than {self.most:,} errors", "those above set right first (limit errors)", code=Code.SCHEMA
                )
                raise TooManyFaults


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the definition: its JSON pointer, the query language there, and the report that faults go to."""

    report: Report
    at: str = ""
    language: QueryLanguage = QueryLanguage.JSONPATH
    #: The language of the whole definition, which a state can leave only for JSONata.
    whole: QueryLanguage = QueryLanguage.JSONPATH
    #: The definition is for an Express workflow, which has no callbacks, jobs and activities.
    express: bool = field(default=False, kw_only=True)

    def below(self, *steps: str | int) -> Place:
        return self.elsewhere(pointer_to(self.at, *steps))

    def elsewhere(self, at: str) -> Place:
        return Place(self.report, at, self.language, self.whole, express=self.express)

    def speaking(self, language: QueryLanguage) -> Place:
        return replace(self, language=language)

    @property
    def name(self) -> str:
        """The last step of the pointer, as it was written."""
        return self.at.rpartition("/")[2].replace("~1", "/").replace("~0", "~")

    def error(self, found: str, want: str, hint: str = "", code: Code = Code.SCHEMA) -> None:
        self.report.add(Diagnostic(self.at, found, want, hint, code=code))

    def warn(self, code: Code, found: str, want: str, hint: str = "") -> None:
        self.report.add(Diagnostic(self.at, found, want, hint, code=code, severity=Severity.WARNING))


def shown(value: Any) -> str:
    """The value as JSON, cut where it is long."""
    text = orjson.dumps(value, default=repr).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
