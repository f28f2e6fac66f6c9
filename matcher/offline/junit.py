"""Turn outcomes of rule tests into JUnit's XML, as CI systems read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree import ElementTree as ET

from matcher.offline.testrun import Outcome
from matcher.offline.testtext import describe

__all__ = ["junit"]

#: What XML 1.0 can't hold.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Iterable[Outcome], faults: Mapping[str, str] | None = None) -> bytes:
    """Give the XML: a suite for each file, a test case for each case, with its failure or error.

    `faults`: by the names of test files that could not be read, why; each becomes a suite with one error.
    """
    by_file: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_file.setdefault(outcome.tests.file, []).append(outcome)
    root = ET.Element("testsuites", name="matcher test")
    for file, ones in by_file.items():
        suite = ET.SubElement(root, "testsuite", name=_legal(file), file=_legal(file))
        for one in ones:
            _add(suite, one)
        _count(suite, ones, 0)
    for file, text in (faults or {}).items():
        suite = ET.SubElement(root, "testsuite", name=_legal(file), file=_legal(file))
        case = ET.SubElement(suite, "testcase", classname=_class(file), name="(the file)", time="0.000000")
        error = ET.SubElement(case, "error", message="the file of rule tests can't be run", type="RuleTestsError")
        error.text = _legal(text)
        _count(suite, [], 1)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in root):.6f}")
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _add(suite: ET.Element, outcome: Outcome) -> None:
    case = outcome.case
    element = ET.SubElement(
        suite,
        "testcase",
        classname=_class(outcome.tests.file),
        name=_legal(case.name),
        file=_legal(outcome.tests.file),
        line=str(case.line),
        time=f"{outcome.seconds:.6f}",
    )
    if outcome.status != "passed":
        tag = "failure" if outcome.status == "failed" else "error"
        message = _legal(outcome.summary)
        told = ET.SubElement(element, tag, message=message, type=outcome.status)
        told.text = _legal("\n".join(text for _, text in describe(outcome)))


def _count(suite: ET.Element, outcomes: list[Outcome], broken: int) -> None:
    suite.set("tests", str(len(outcomes) + broken))
    suite.set("failures", str(sum(one.status == "failed" for one in outcomes)))
    suite.set("errors", str(sum(one.status == "error" for one in outcomes) + broken))
    suite.set("skipped", "0")
    suite.set("time", f"{sum(one.seconds for one in outcomes):.6f}")


def _class(file: str) -> str:
    """Give the file as a dotted name, which CI systems group by."""
    return _legal(
        re.sub(r"[/\\]+", ".", file.removesuffix(".json").removesuffix(".yml").removesuffix(".yaml")).strip(".")
    )


def _legal(text: str) -> str:
    return _ILLEGAL.sub("�", text)
