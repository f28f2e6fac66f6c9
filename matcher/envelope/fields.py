"""Turn the fields that a producer may give into JSON, or refuse them; and say what fills those it does not give."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from matcher.envelope.answer import NOT_AUTHORIZED, refuse, reject
from matcher.moment import moment, spelled
from matcher.quotas import Quotas

__all__ = ["Fill", "checked_detail_type", "checked_resources", "checked_source", "checked_time", "quoted"]


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Fill:
    """What a router puts where a producer says nothing."""

    account: str = "000000000000"
    region: str = "us-east-1"
    now: Callable[[], float] = time.time
    make_id: Callable[[], str] = _new_id

    def time(self) -> str:
        return spelled(self.now())


def quoted(name: str, value: Any) -> bytes:
    """Make a JSON string of a text that must be there."""
    if value is None or value == "":
        refuse(name, f"{name} is a required argument.")
    if not isinstance(value, str):
        refuse(name, f"{name} is a text, not {type(value).__name__}.")
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return bytes(refuse(name, f"{name} has a lone surrogate, which UTF-8 can't hold."))


def checked_source(name: str, value: Any, quotas: Quotas) -> bytes:
    text = quoted(name, value)
    if not quotas.aws_sources and value.startswith("aws."):
        reject(NOT_AUTHORIZED, "Not authorized for the source. Reason: `aws.` is kept for services of AWS (quotas.aws_sources).")
    return text


def checked_detail_type(name: str, value: Any, quotas: Quotas) -> bytes:
    text = quoted(name, value)
    longest = quotas.detail_type_length
    if longest is not None and len(value) > longest:
        refuse(name, f"{name} has {len(value)} characters, over {longest} (quotas.detail_type_length).")
    return text


def checked_resources(name: str, value: Any, quotas: Quotas) -> bytes:
    """Make a JSON array of resources; those that are null are left out, as PutEvents does."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        refuse(name, f"{name} is a list of texts, not {type(value).__name__}.")
    texts = []
    for at, resource in enumerate(value):
        if resource is not None:
            texts.append(quoted(f"{name}[{at}]", resource))
            longest = quotas.resource_length
            if longest is not None and len(resource) > longest:
                refuse(f"{name}[{at}]", f"it has {len(resource)} characters, over {longest} (quotas.resource_length).")
    return b"[" + b",".join(texts) + b"]"


def checked_time(name: str, value: Any) -> str:
    try:
        return moment(value)
    except ValueError as error:
        return str(refuse(name, f"{error}."))
