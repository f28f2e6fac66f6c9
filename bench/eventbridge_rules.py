"""Turn a seed and events into rule sets for them: exact ones, and mixed ones that use every operator."""

# ruff: noqa: ARG001 - every term takes the same two arguments, so that a rule can draw any of them.

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from bench import eventbridge as words

__all__ = ["aimed", "exact", "mixed"]

Pattern = dict[str, Any]
Event = dict[str, Any]

SEED = 777
AIMED = 2  # rules made from the values of each event, so that small sets match something and large ones don't drown


def aimed(
    count: int, events: list[Event], seed: int, rule: Callable[[random.Random, Event], Pattern], profile: words.Profile
) -> Iterator[tuple[str, Pattern]]:
    """`count` rules: the first ones aim at events of the pool, the others at fresh events that nobody sends."""
    rng = random.Random(seed)
    near = min(count, AIMED * len(events))
    for number in range(count):
        target = rng.choice(events) if number < near else words.event(rng, profile)
        yield f"rule-{number:07}", rule(rng, target)


def exact(count: int, events: list[Event], profile: words.Profile, seed: int = SEED) -> Iterator[tuple[str, Pattern]]:
    """Source, detail-type, and one or two fields of the detail, all by equality."""
    return aimed(count, events, seed, _coarse_exact if profile.sources == 1 else _exact, profile)


def mixed(count: int, events: list[Event], profile: words.Profile, seed: int = SEED) -> Iterator[tuple[str, Pattern]]:
    """Every operator, arrays, and some `$or`."""
    return aimed(count, events, seed + 1, _coarse_mixed if profile.sources == 1 else _mixed, profile)


def _envelope(event: Event) -> Pattern:
    return {"source": [event["source"]], "detail-type": [event["detail-type"]]}


def _exact(rng: random.Random, event: Event) -> Pattern:
    detail = event["detail"]
    draw = rng.random()
    if draw < 0.4:
        fields: Pattern = {"customer": {"id": _one_of(rng, detail["customer"]["id"], words.customer)}}
    elif draw < 0.7:
        fields = {"warehouse": _one_of(rng, detail["warehouse"], words.warehouse), "state": [detail["state"]]}
    elif draw < 0.85:
        fields = {"items": {"sku": [rng.choice(detail["items"])["sku"]]}}
    else:
        fields = {
            "state": [detail["state"]],
            "customer": {"country": [detail["customer"]["country"]], "tier": [detail["customer"]["tier"]]},
        }
    return {**_envelope(event), "detail": fields}


def _coarse_exact(rng: random.Random, event: Event) -> Pattern:
    """Where all rules share source and detail-type, the detail alone must tell them apart."""
    detail = event["detail"]
    draw = rng.random()
    if draw < 0.5:
        fields: Pattern = {"customer": {"id": _one_of(rng, detail["customer"]["id"], words.customer)}}
    elif draw < 0.75:
        fields = {"items": {"sku": [rng.choice(detail["items"])["sku"]]}, "warehouse": [detail["warehouse"]]}
    else:
        fields = {"trace": [detail["trace"]], "state": [detail["state"]]}
    return {**_envelope(event), "detail": fields}


def _one_of(rng: random.Random, value: str, other: Callable[[random.Random], str]) -> list[str]:
    """One to three values, of which one is `value`."""
    values = [other(rng) for _ in range(rng.choice((0, 0, 1, 2)))]
    values.insert(rng.randrange(len(values) + 1), value)
    return values


def _mixed(rng: random.Random, event: Event) -> Pattern:
    fields = _any_fields(rng, event)
    if rng.random() < 0.85:
        return {**_envelope(event), "detail": fields}
    # Rules without source and detail-type exist too; something else about them is selective.
    _merge(fields, rng.choice(_SELECTIVE)(rng, event["detail"]))
    return {"region": [event["region"]], "detail": fields}


def _coarse_mixed(rng: random.Random, event: Event) -> Pattern:
    """Where all rules share source and detail-type, something in the detail is selective in each of them."""
    fields = _any_fields(rng, event)
    _merge(fields, rng.choice(_SELECTIVE)(rng, event["detail"]))
    return {**_envelope(event), "detail": fields}


def _any_fields(rng: random.Random, event: Event) -> Pattern:
    """One to three terms of any operator, and in a tenth of the rules an `$or` of two more."""
    fields: Pattern = {}
    terms = rng.sample(_TERMS, rng.randrange(1, 4))
    for term in terms:
        _merge(fields, term(rng, event["detail"]))
    if rng.random() < 0.1:
        branches = rng.sample(_TERMS, 2)
        fields["$or"] = [branch(rng, event["detail"]) for branch in branches]
    return fields


def _merge(fields: Pattern, more: Pattern) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(fields.get(name), dict):
            _merge(fields[name], value)
        else:
            fields[name] = value


Term = Callable[[random.Random, Event], Pattern]


def _state(rng: random.Random, detail: Event) -> Pattern:
    return {"state": [detail["state"], rng.choice(words.STATES)]}


def _state_not(rng: random.Random, detail: Event) -> Pattern:
    others = [state for state in words.STATES if state != detail["state"]]
    return {"state": [{"anything-but": rng.sample(others, rng.randrange(1, 3))}]}


def _country_folded(rng: random.Random, detail: Event) -> Pattern:
    return {"customer": {"country": [{"equals-ignore-case": detail["customer"]["country"].lower()}]}}


def _order_prefix(rng: random.Random, detail: Event) -> Pattern:
    return {"order": [{"prefix": detail["order"][: rng.randrange(6, 9)]}]}


def _email_suffix(rng: random.Random, detail: Event) -> Pattern:
    email = detail["customer"]["email"]
    return {"customer": {"email": [{"suffix": email[email.index(".") :]}]}}


def _email_prefix(rng: random.Random, detail: Event) -> Pattern:
    email = detail["customer"]["email"]
    return {"customer": {"email": [{"prefix": {"equals-ignore-case": email[: email.index(".") + 3].upper()}}]}}


def _email_wildcard(rng: random.Random, detail: Event) -> Pattern:
    given = detail["customer"]["email"].partition(".")[0]
    return {"customer": {"email": [{"wildcard": f"{given}.*{rng.randrange(10)}@*.com"}]}}


def _remark_wildcard(rng: random.Random, detail: Event) -> Pattern:
    parts = detail["remark"].split()
    first = rng.randrange(len(parts) - 2)
    return {"remark": [{"wildcard": f"*{parts[first]}*{parts[rng.randrange(first + 1, len(parts))]}*"}]}


def _total_range(rng: random.Random, detail: Event) -> Pattern:
    low = int(detail["total"] * rng.random())
    if rng.random() < 0.5:
        return {"total": [{"numeric": [rng.choice((">", ">=")), low]}]}
    return {"total": [{"numeric": [">=", low, "<", low + rng.randrange(50, 900)]}]}


def _priority(rng: random.Random, detail: Event) -> Pattern:
    return {"priority": [{"numeric": ["=", detail["priority"]]}, rng.randrange(1, 6)]}


def _tier_not(rng: random.Random, detail: Event) -> Pattern:
    return {
        "customer": {"tier": [{"anything-but": [tier for tier in (1, 2, 3, 4) if tier != detail["customer"]["tier"]]}]}
    }


def _coupon(rng: random.Random, detail: Event) -> Pattern:
    return {"coupon": [None, {"prefix": "SAVE1"}] if rng.random() < 0.5 else [{"anything-but": {"prefix": "SAVE"}}]}


def _absent(rng: random.Random, detail: Event) -> Pattern:
    return {"failure": [{"exists": False}]}


def _present(rng: random.Random, detail: Event) -> Pattern:
    return {"carrier": {"express": [{"exists": True}], "attempt": [{"numeric": ["<", rng.randrange(1, 5)]}]}}


def _express(rng: random.Random, detail: Event) -> Pattern:
    return {
        "carrier": {"express": [detail["carrier"]["express"]], "name": [{"suffix": detail["carrier"]["name"][-4:]}]}
    }


def _carrier_not(rng: random.Random, detail: Event) -> Pattern:
    nested = rng.choice(
        (
            {"suffix": "Line"},
            {"wildcard": "*a*d E*"},
            {"equals-ignore-case": ["blue parcel", "POSTAL UNION"]},
            {"prefix": ["Sky", "Rap"]},
        )
    )
    return {"carrier": {"name": [{"anything-but": nested}]}}


def _block(rng: random.Random, detail: Event) -> Pattern:
    first, second, *_ = detail["customer"]["address"].split(".")
    bits = rng.choice((12, 14, 16))
    # The base with its host bits cleared, as people write it; a peer refuses any other.
    return {"customer": {"address": [{"cidr": f"{first}.{int(second) >> 16 - bits << 16 - bits}.0.0/{bits}"}]}}


def _item(rng: random.Random, detail: Event) -> Pattern:
    item = rng.choice(detail["items"])
    return {"items": {"sku": [{"prefix": item["sku"][:5]}], "quantity": [{"numeric": [">=", rng.randrange(1, 6)]}]}}


def _tags(rng: random.Random, detail: Event) -> Pattern:
    return {"tags": [rng.choice(detail["tags"]), rng.choice(words.TAGS)]}


def _warehouse(rng: random.Random, detail: Event) -> Pattern:
    return {"warehouse": _one_of(rng, detail["warehouse"], words.warehouse)}


def _customer(rng: random.Random, detail: Event) -> Pattern:
    return {"customer": {"id": _one_of(rng, detail["customer"]["id"], words.customer)}}


def _sku(rng: random.Random, detail: Event) -> Pattern:
    return {"items": {"sku": [rng.choice(detail["items"])["sku"]]}}


def _trace(rng: random.Random, detail: Event) -> Pattern:
    return {"trace": [{"prefix": detail["trace"][:6]}]}


def _order_wildcard(rng: random.Random, detail: Event) -> Pattern:
    return {"order": [{"wildcard": f"ord-{detail['order'][4:9]}*{detail['order'][-1]}"}]}


_TERMS: tuple[Term, ...] = (
    _state,
    _state_not,
    _country_folded,
    _order_prefix,
    _email_suffix,
    _email_prefix,
    _email_wildcard,
    _remark_wildcard,
    _total_range,
    _priority,
    _tier_not,
    _coupon,
    _absent,
    _present,
    _express,
    _carrier_not,
    _block,
    _item,
    _tags,
    _warehouse,
    _customer,
)
_SELECTIVE: tuple[Term, ...] = (_customer, _sku, _trace, _order_wildcard)
