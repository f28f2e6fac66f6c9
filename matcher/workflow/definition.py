"""Turn a workflow definition into what is wrong with it, or into a machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from matcher.errors import DefinitionError
from matcher.workflow.asl.build import build
from matcher.workflow.asl.limits import DEFAULT, DefinitionLimits
from matcher.workflow.asl.machine import Json, Machine, QueryLanguage, State
from matcher.workflow.asl.naming import pointer_to
from matcher.workflow.check.diagnostic import Code, Diagnostic, Place, Report, Severity, TooManyFaults
from matcher.workflow.check.machines import check_machine
from matcher.workflow.check.reading import read_definition

__all__ = ["Definition", "check", "load", "load_state"]

#: A definition in the Amazon States Language: its text, or the value that the text stands for.
Definition: TypeAlias = Mapping[str, Any] | str | bytes


def check(
    definition: Definition, *, express: bool = False, limits: DefinitionLimits = DEFAULT
) -> tuple[Diagnostic, ...]:
    """Find all that is wrong with a definition, errors and warnings, in the order of AWS's check and of the text."""
    return _checked(definition, express, limits)[1]


def load(definition: Definition, *, express: bool = False, limits: DefinitionLimits = DEFAULT) -> Machine:
    """Build the machine of a definition. Raises `DefinitionError` with every error; warnings are `check`'s."""
    value, found = _checked(definition, express, limits)
    errors = tuple(one for one in found if one.severity is Severity.ERROR)
    if errors:
        raise DefinitionError(errors)
    return build(value)


def load_state(
    definition: Definition, name: str = "State", *, language: QueryLanguage = QueryLanguage.JSONPATH
) -> State:
    """Build one state by itself, as AWS's TestState takes it: where it leads to need not be.

    Raises `DefinitionError`; its places are those in the state.
    """
    report = Report()
    place = Place(report)
    whole: dict[str, Any] = {}
    with suppress(TooManyFaults):
        value = read_definition(place, definition, DEFAULT)
        whole = {"QueryLanguage": language.value, "StartAt": name, "States": {name: value}}
        if not report.failed:
            check_machine(place, whole)
    prefix = pointer_to("", "States", name)
    errors = tuple(
        replace(one, at=one.at.removeprefix(prefix))
        for one in report.diagnostics
        if one.severity is Severity.ERROR and not _leads_on(one, prefix)
    )
    if errors:
        raise DefinitionError(errors)
    return build(whole).states[name]


def _leads_on(found: Diagnostic, prefix: str) -> bool:
    """Whether it is said of the way from the state to others, and not of one within it."""
    where = found.at.removeprefix(prefix) + "/"
    outside = not any(f"/{part}/" in where for part in ("Branches", "ItemProcessor", "Iterator"))
    return outside and found.code in (Code.NO_TARGET, Code.NO_END)


def _checked(definition: Definition, express: bool, limits: DefinitionLimits) -> tuple[Json, tuple[Diagnostic, ...]]:
    report = Report(limits.errors)
    place = Place(report, express=express)
    value = None
    with suppress(TooManyFaults):
        value = read_definition(place, definition, limits)
        if not report.failed:
            check_machine(place, value)
    return value, tuple(report.diagnostics)
