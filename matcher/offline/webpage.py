"""Turn a report into one HTML page that needs nothing outside itself, and asks no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from typing import Any, Final

from matcher._version import __version__
from matcher.offline.reporting import Report

__all__ = ["page"]

_RULES: Final = 5000  # those with the most matches, and those that never matched
_SOURCES: Final = 1000


def page(report: Report[Any], title: str = "Report on event rules") -> str:
    """Give the page. Names of rules are shown as `str` gives them; with over 5,000 rules it has those that matched most.

    Texts of rules and events are data to its one script, which the page's policy names by hash; nothing else runs.
    """
    plain = report.to_dict()
    rules = plain["rules"]
    for rule in rules:
        rule["name"] = str(rule["name"])
    for miss in plain["misses"]:
        miss["rule"] = str(miss["rule"])
    for pair in plain["overlaps"]:
        pair["one"], pair["other"] = str(pair["one"]), str(pair["other"])
    for field in plain["absent_fields"]:
        field["rules"] = [str(name) for name in field["rules"]]
    plain |= {
        "title": title,
        "version": __version__,
        "rules": sorted(rules, key=lambda rule: -rule["matches"])[:_RULES] if len(rules) > _RULES else rules,
        "rules_total": len(rules),
        "sources": [one for one in plain["sources"] if one["refused"] or one["fault"]][:_SOURCES],
        "sources_total": len(plain["sources"]),
    }
    here = files("matcher.offline")
    script = here.joinpath("webpage.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {"@HASH@": f"sha256-{digest}", "@TITLE@": html.escape(title), "@DATA@": _inert(plain), "@SCRIPT@": script}
    text = here.joinpath("webpage.html").read_text("utf-8")
    made = []
    for mark, value in parts.items():  # each stands once, in this order; no value is looked through for marks
        before, _, text = text.partition(mark)
        made += [before, value]
    # Lone surrogates, from names of files that are no UTF-8, can't be written.
    return "".join([*made, text]).encode("utf-8", "replace").decode()


def _inert(value: Any) -> str:
    """Give JSON that no HTML parser sees a tag, an entity or a comment in."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
