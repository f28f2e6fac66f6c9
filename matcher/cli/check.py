"""Turn a file of rules into what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import orjson
from rich.console import Console
from rich.text import Text

from matcher.checking import Finding, check
from matcher.cli.terminal import FINDINGS, OK, printable, write
from matcher.rulefile import RulesFormat, read_rules

__all__ = ["check_rules"]

_STYLES: Final = {"error": "bold red", "warning": "yellow"}
_ORDER: Final = ("error", "warning", "info")
_PLURALS: Final = {"rule": "rules", "error": "errors", "warning": "warnings", "info": "notes"}
_SINGULARS: Final = {"info": "note"}


def check_rules(path: str, rules_format: RulesFormat, as_json: bool) -> int:
    """Write the findings, patterns that are not legal among them; give 1 if any is more than a note."""
    pairs = read_rules(path, rules_format)
    findings = check(pairs)
    if as_json:
        plain = [asdict(finding) for finding in findings]
        write(orjson.dumps(plain, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        _show(findings, len({name for name, _ in pairs}))
    return FINDINGS if any(finding.severity in _STYLES for finding in findings) else OK


def _show(findings: Sequence[Finding], rules: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        said = finding.message.removeprefix(f"at {finding.at or 'the root'}: ")
        line = Text(f"{printable(str(finding.rule))}{finding.at and ' '}{printable(finding.at)}: ")
        line.append(finding.severity, style=_STYLES.get(finding.severity, "dim"))
        line.append(f": {printable(said)} ")
        line.append(f"[{finding.kind}]", style="dim")
        console.print(line)
    tally = Counter(finding.severity for finding in findings)
    told = ", ".join(_counted(tally[severity], severity) for severity in _ORDER if tally[severity])
    console.print(f"{_counted(rules, 'rule')}: {told or 'no findings'}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {_PLURALS.get(noun, noun)}" if count != 1 else f"1 {_SINGULARS.get(noun, noun)}"
