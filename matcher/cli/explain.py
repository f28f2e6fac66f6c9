"""Turn a rule and an event into why the one matches the other, or why not."""

from __future__ import annotations

import io
import os
from difflib import get_close_matches

import orjson

from matcher.cli.terminal import FINDINGS, OK, compile_rules, printable, say, write
from matcher.events import batches
from matcher.rulefile import RulesFormat, read_rules
from matcher.ruleset import RuleSet

__all__ = ["explain_event"]

_NAMES_SHOWN = 10


def explain_event(
    rule: str, rules_format: RulesFormat, event: str, name: str | None, line: int | None, as_json: bool
) -> int:
    """Write why the rule matches the event, or not; give 0 if it does, else 1."""
    rules = _rules(rule, rules_format, name)
    chosen = next(iter(rules))
    explanation = rules.explain(_event(event, line), chosen)
    if as_json:
        plain = {"rule": chosen, **explanation.to_dict()}
        write(orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        write(f"{printable(f'{chosen}: {explanation}')}\n".encode())
    return OK if explanation.matched else FINDINGS


def _rules(rule: str, rules_format: RulesFormat, name: str | None) -> RuleSet[str]:
    """Compile the one rule asked for; the others of its file need not be legal."""
    if rule.lstrip().startswith("{"):
        return compile_rules("RULE", [(name or "pattern", rule)])
    pairs = read_rules(rule, rules_format)
    names = list(dict.fromkeys(known for known, _ in pairs))
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        raise LookupError(_which(rule, names, name))
    return compile_rules(rule, [(known, pattern) for known, pattern in pairs if known == name])


def _which(file: str, names: list[str], name: str | None) -> str:
    listed = ", ".join(names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
    if name is None:
        return f"{file} holds {len(names)} rules; choose one with --name: {listed}"
    near = get_close_matches(name, names, n=1)
    return f"{file} holds no rule {name!r}; " + (f"did you mean {near[0]!r}?" if near else f"it has {listed}")


def _event(event: str, line: int | None) -> bytes:
    """Find the event asked for."""
    inline = event.lstrip().startswith("{")
    source = io.BytesIO(os.fsencode(event)) if inline else event
    for batch in batches(source):
        for number, text in batch:
            if line is None or number == line:
                if line is None and len(batch) > 1:
                    say(f"{event} holds more than one event; this is number {number}, --line chooses another")
                return text
    raise LookupError("no event" if line is None else f"{event}: no event at {line}")
