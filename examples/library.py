"""Turn the order system's rules and events into answers, by way of the library: match, count, explain, check.

Run `python examples/library.py`.
"""

from collections import Counter
from pathlib import Path

from matcher import EventError, Pattern, RuleSet, check
from matcher.rulefile import read_rules

ORDERS = Path(__file__).with_name("orders")


def main() -> None:
    """Print what a program would act on."""
    rules = RuleSet(read_rules(ORDERS / "rules.json"))
    events = (ORDERS / "events.jsonl").read_bytes().splitlines()
    print(f"{len(rules)} rules, {len(events)} events")

    order = events[19]
    print("\nOne event:", rules.match(order))

    counted = Counter(name for names in rules.match_many(events, threads=2) for name in names)
    print("Many:", ", ".join(f"{name} {count}" for name, count in counted.most_common(3)))

    for line, names in rules.scan(ORDERS / "events.jsonl"):
        if not isinstance(names, EventError) and "block-card" in names:
            print(f"A file: block-card is first met on line {line}")
            break

    print("\nWhy not?", rules.explain(order, "review-big-order"))

    rules.add("summer-sale", {"time": [{"prefix": "2026-07"}]})
    rules["archive"] = {"source": [{"anything-but": {"prefix": "com.myapp.ship"}}]}
    rules.remove("gold-express")
    print("\nChanged:", rules.match(order))
    try:
        rules.match(b'{"source": "com.myapp.orders", "detail": {"total": 1.}}')
    except EventError as error:
        print("Refused:", error)

    print("\nOne pattern:", Pattern({"detail": {"total": [{"numeric": [">", 500]}]}}).matches(order))

    print("\nWhat is odd:")
    for finding in check(
        {"twice": {"state": ["on", {"prefix": "o"}]}, "any": {"n": [{"anything-but": 1}, {"anything-but": 2}]}}
    ):
        print(f"  {finding.rule} {finding.at}: {finding.message}")


if __name__ == "__main__":
    main()
