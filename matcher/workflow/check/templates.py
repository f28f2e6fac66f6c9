"""Check templates, from which values are made: payload templates of JSONPath, JSON with JSONata, assignments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json, QueryLanguage
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.expressions import jsonata_fault, looks_like_query, query_fault
from matcher.workflow.check.values import is_object

__all__ = ["assignment", "jsonata_template", "payload", "static"]

_DOLLAR: Final = ".$"
_LONGEST_VARIABLE: Final = 80
_RESERVED: Final = "states"


def payload(place: Place, value: Json) -> None:
    """A JSONPath template: fields named `….$` hold a path or a call, all else stands for itself."""
    match value:
        case dict():
            for key, part in value.items():
                _payload_field(place.below(key), key, part)
                if key.endswith(_DOLLAR) and key.removesuffix(_DOLLAR) in value:
                    place.error(f"both {shown(key.removesuffix(_DOLLAR))} and {shown(key)}", "one of them")
        case list():
            for index, part in enumerate(value):
                payload(place.below(index), part)


def _payload_field(place: Place, key: str, value: Json) -> None:
    if not key.endswith(_DOLLAR):
        if isinstance(value, str) and looks_like_query(value):
            place.warn(Code.NO_DOLLAR, shown(value), f'a constant; a query belongs in "{key}.$"')
        payload(place, value)
    elif not isinstance(value, str):
        place.error(shown(value), "a path or an intrinsic function, as the field's name ends in .$")
    elif fault := query_fault(value):
        place.error(shown(value), fault, "a field whose name ends in .$ holds a path or an intrinsic function")


def jsonata_template(place: Place, value: Json) -> None:
    """JSON in which every string {% … %} is an expression."""
    match value:
        case dict():
            for key, part in value.items():
                below = place.below(key)
                if key.endswith(_DOLLAR) and isinstance(part, str) and looks_like_query(part):
                    below.warn(Code.NO_DOLLAR, shown(part), "{% JSONata %}; in JSONata .$ has no meaning")
                jsonata_template(below, part)
        case list():
            for index, part in enumerate(value):
                jsonata_template(place.below(index), part)
        case str():
            if fault := jsonata_fault(value):
                place.error(shown(value), fault)


def assignment(place: Place, value: Json) -> None:
    """Variables and the templates of what they are set to."""
    if not is_object(place, value):
        return
    if place.language is QueryLanguage.JSONATA:
        jsonata_template(place, value)
    else:
        payload(place, value)
    for key in value:
        _variable(place.below(key), key.removesuffix(_DOLLAR) if place.language is QueryLanguage.JSONPATH else key)


def _variable(place: Place, name: str) -> None:
    if name == _RESERVED:
        place.error(shown(name), "another name: $states is reserved")
    elif not name.isidentifier():
        place.error(shown(name), "a variable's name: letters, digits and _, no digit first, without $")
    elif len(name) > _LONGEST_VARIABLE:
        place.error(f"a name of {len(name)} characters", f"at most {_LONGEST_VARIABLE}")


def static(place: Place, value: Json) -> None:
    """A Pass state's Result, in which nothing is computed."""
    match value:
        case Mapping():
            for key, part in value.items():
                if key.endswith(_DOLLAR):
                    place.below(key).warn(Code.STATIC_RESULT, shown(part), "a constant; templates belong in Parameters")
                else:
                    static(place.below(key), part)
        case list():
            for index, part in enumerate(value):
                static(place.below(index), part)
        case str() if looks_like_query(value):
            place.warn(Code.STATIC_RESULT, shown(value), "a constant; templates belong in Parameters")
