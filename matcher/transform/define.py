"""Turn the input settings of a target into its shape, once, with every fault of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from matcher.errors import Fault, QueryError, ShapeError
from matcher.jsontext import JsonFault
from matcher.jsontext import read as read_strictly
from matcher.quotas import OPEN, Quotas
from matcher.transform.path import Path, compile_path
from matcher.transform.shapes import Called, Constant, Filled, Selected, Shape
from matcher.transform.template import Hole, parse
from matcher.transform.text import inside, write
from matcher.transform.variables import RESERVED, Given, Origin, constants, writer

__all__ = ["UNSET", "define"]

#: No constant input; None is one: JSON's null.
UNSET: Final = object()
_NAME: Final = re.compile(r"[A-Za-z0-9_\-]+")
_FORMS: Final = (("InputPathsMap", "InputTemplate"), ("paths", "template"))


def define(
    *,
    input: Any = UNSET,  # noqa: A002 - EventBridge's name of the setting
    input_path: str | None = None,
    input_transformer: Mapping[str, Any] | None = None,
    transform: Callable[[Any], Any] | None = None,
    origin: Origin = Origin(),  # noqa: B008 - frozen
    quotas: Quotas = OPEN,
) -> Shape | None:
    """Make the shape of a target; None, and so no work, where none of the four is set. Raises ShapeError.

    `input` is sent in place of every event: JSON text, or a value. `input_path` sends a part of the event.
    `input_transformer` fills a template: `{"paths": {name: path}, "template": text}`, or with EventBridge's names.
    `transform` is called with the parsed event.
    """
    given = {"input": input, "input_path": input_path, "input_transformer": input_transformer, "transform": transform}
    named = [name for name, value in given.items() if value is not (UNSET if name == "input" else None)]
    if len(named) > 1:
        raise ShapeError((Fault("", " and ".join(named), "only one of " + ", ".join(given)),))
    if input is not UNSET:
        return _constant(input, quotas)
    if input_path is not None:
        return _selected(input_path, quotas)
    if transform is not None:
        return Called(transform)
    return None if input_transformer is None else _filled(input_transformer, origin, quotas)


def _constant(value: Any, quotas: Quotas) -> Constant:
    if isinstance(value, str | bytes):
        try:
            body = value.encode() if isinstance(value, str) else value
            read_strictly(body)
        except (JsonFault, UnicodeEncodeError) as fault:
            want, hint = "JSON text, or a value that is no text", "a string has quotes of its own: '\"hello\"'"
            raise ShapeError((Fault("/input", f"{value[:40]!r}, {fault}", want, hint),)) from None
    else:
        try:
            body = write(value)
        except (TypeError, ValueError) as error:
            raise ShapeError((Fault("/input", f"{type(value).__name__}: {error}", "a JSON value"),)) from None
    _raise(_too_long("/input", len(body), quotas.template_bytes, "bytes"))
    return Constant(body)


def _selected(text: str, quotas: Quotas) -> Shape | None:
    path, faults = _path(text, "/input_path", quotas)
    _raise(faults)
    assert path is not None
    return None if text == "$" else Selected(path, text)


def _filled(transformer: Mapping[str, Any], origin: Origin, quotas: Quotas) -> Shape:
    texts, template, where = _taken_apart(transformer)
    paths, faults = _paths(texts, f"/input_transformer/{where[0]}", quotas)
    at = f"/input_transformer/{where[1]}"
    pieces, wrong = parse(template, {*texts, *RESERVED}, at)
    _raise([*faults, *_too_long(at, len(template.encode()), quotas.template_bytes, "bytes"), *wrong])
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    known = constants(origin)
    parts = _joined([_part(piece, paths, known) for piece in pieces])
    names = tuple(dict.fromkeys(hole.name for hole in holes))
    if not any(callable(part) for part in parts):
        return Constant(b"".join(part for part in parts if isinstance(part, bytes)))
    parses = any(name in paths or name == "aws.events.event" for name in names)
    return Filled(tuple(parts), names, paths, parses)


def _taken_apart(transformer: Mapping[str, Any]) -> tuple[Mapping[str, Any], str, tuple[str, str]]:
    for where in _FORMS:
        if where[1] in transformer and transformer.keys() <= set(where):
            texts, template = transformer.get(where[0]) or {}, transformer[where[1]]
            if isinstance(template, str) and isinstance(texts, Mapping):
                return texts, template, where
    want = '{"paths": {name: path, …}, "template": text}, or InputPathsMap and InputTemplate'
    raise ShapeError((Fault("/input_transformer", f"{dict(transformer)!r:.80}", want),))


def _paths(texts: Mapping[str, Any], at: str, quotas: Quotas) -> tuple[dict[str, Path], list[Fault]]:
    paths: dict[str, Path] = {}
    faults = _too_long(at, len(texts), quotas.variables, "variables")
    for name, text in texts.items():
        place = f"{at}/{name}"
        if not isinstance(name, str) or _NAME.fullmatch(name) is None or name.lower().startswith("aws."):
            faults.append(Fault(place, f"the name {name!r}", "letters, digits, `_` and `-`"))
            continue
        faults += _too_long(place, len(name), quotas.path_length, "characters of a name")
        path, wrong = _path(text, place, quotas)
        faults += wrong
        if path is not None:
            paths[name] = path
    return paths, faults


def _path(text: Any, at: str, quotas: Quotas) -> tuple[Path | None, list[Fault]]:
    if not isinstance(text, str):
        return None, [Fault(at, repr(text), "a path such as `$.detail`")]
    try:
        return compile_path(text), _too_long(at, len(text), quotas.path_length, "characters")
    except QueryError as error:
        return None, [Fault(f"{at}, {fault.at}", fault.found, fault.want, fault.hint) for fault in error.faults]


def _too_long(at: str, length: int, limit: int | None, unit: str) -> list[Fault]:
    return [Fault(at, f"{length} {unit}", f"at most {limit}")] if limit is not None and length > limit else []


def _part(piece: str | Hole, paths: Mapping[str, Path], known: Mapping[str, str]) -> bytes | Callable[[Given], bytes]:
    if isinstance(piece, str):
        return piece.encode()
    if piece.name in known:
        return inside(known[piece.name]) if piece.quoted else write(known[piece.name])
    return writer(piece, paths.get(piece.name))


def _joined(parts: list[bytes | Callable[[Given], bytes]]) -> list[bytes | Callable[[Given], bytes]]:
    """Join literal neighbours, so that a filled template is made of as few pieces as it can be."""
    joined: list[bytes | Callable[[Given], bytes]] = []
    for part in parts:
        if isinstance(part, bytes) and joined and isinstance(last := joined[-1], bytes):
            joined[-1] = last + part
        elif part != b"":
            joined.append(part)
    return joined


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise ShapeError(tuple(faults))
