"""Turn a file of rules into what is odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import orjson
from rich.console import Console
from rich.text import Text

from matcher.check import Finding, check
from matcher.cli.terminal import FINDINGS, OK, compile_rules, printable, write
from matcher.rulefile import RulesFormat, read_rules

__all__ = ["check_rules"]

_STYLES: Final = {"error": "bold red", "warning": "yellow"}


def check_rules(path: str, rules_format: RulesFormat, as_json: bool) -> int:
    """Write the findings; give 1 if any is more than a note."""
    pairs = read_rules(path, rules_format)
    rules = compile_rules(path, pairs)
    findings = check(pairs)
    if as_json:
        plain = [asdict(finding) for finding in findings]
        write(orjson.dumps(plain, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        _show(findings, len(rules), rules.complexity())
    return FINDINGS if any(finding.severity in _STYLES for finding in findings) else OK


def _show(findings: Sequence[Finding], rules: int, complexity: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        line = Text(printable(str(finding.rule)), style="bold")
        line.append(f" {finding.at or '/'}: ", style="not bold")
        line.append(finding.severity, style=f"not bold {_STYLES.get(finding.severity, 'dim')}")
        line.append(f": {finding.message} ", style="not bold")
        line.append(f"[{finding.kind}]", style="not bold dim")
        console.print(line)
    tally = Counter(finding.severity for finding in findings)
    told = ", ".join(f"{count} {severity}{'s' * (count > 1)}" for severity, count in tally.items()) or "no findings"
    console.print(f"{rules:,} rules, wildcard complexity {complexity:,}: {told}")
