"""Check the parts of a Map that have fields of their own: reader, batcher, writer, label, and how it is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from matcher.workflow.asl.machine import Json, Mode, QueryLanguage
from matcher.workflow.check.diagnostic import Code, Place, shown
from matcher.workflow.check.fields import Field, Fields, JSONata, JSONPath, Required, check_fields
from matcher.workflow.check.templates import jsonata_template, payload
from matcher.workflow.check.values import computed, each, one_of, reference_path, some_text, whole

__all__ = ["batcher", "check_mode", "items", "label", "reader", "selector", "writer"]

_LONGEST_LABEL: Final = 40
#: White space, brackets, wildcards, special and control characters: a label is part of an ARN.
_NOT_IN_LABEL: Final = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f]""")
_MOST_ITEMS: Final = 100_000_000
_MOST_BYTES: Final = 262_144
_DISTRIBUTED_ONLY: Final = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
)


def selector(place: Place, value: Json) -> None:
    """A template of one item, in the language of the state."""
    (jsonata_template if place.language is QueryLanguage.JSONATA else payload)(place, value)


def items(place: Place, value: Json) -> None:
    """An array, or JSONata that gives one; an object's items are its members."""
    if isinstance(value, list | dict):
        jsonata_template(place, value)
    elif not computed(place, value):
        place.error(shown(value), "an array, an object or {% JSONata %}")


_SOURCE: Final[dict[str, Field]] = {
    "Resource": Required(some_text),
    "Parameters": JSONPath(payload),
    "Arguments": JSONata(jsonata_template),
}
_READER_CONFIG: Final = Fields(
    "ReaderConfig",
    {
        "InputType": one_of("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"),
        "Transformation": one_of("NONE", "LOAD_AND_FLATTEN"),
        "ManifestType": one_of("ATHENA_DATA", "S3_INVENTORY"),
        "CSVHeaderLocation": one_of("FIRST_ROW", "GIVEN"),
        "CSVHeaders": each(some_text, least=1),
        "CSVDelimiter": one_of("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
        "ItemsPointer": some_text,
        "MaxItems": whole(0, _MOST_ITEMS),
        "MaxItemsPath": JSONPath(reference_path),
    },
    single=(("MaxItems", "MaxItemsPath"),),
)


def _reader_config(place: Place, value: Json) -> None:
    if not check_fields(place, value, _READER_CONFIG):
        return
    given = value.get("CSVHeaderLocation") == "GIVEN"
    if given and "CSVHeaders" not in value:
        place.error("CSVHeaderLocation GIVEN without CSVHeaders", "the field CSVHeaders")
    if "CSVHeaders" in value and not given:
        place.error("CSVHeaders without CSVHeaderLocation GIVEN", 'CSVHeaderLocation "GIVEN"')
    if value.get("InputType") == "CSV" and "CSVHeaderLocation" not in value:
        place.error("InputType CSV without CSVHeaderLocation", "the field CSVHeaderLocation")


_READER: Final = Fields("ItemReader", {**_SOURCE, "ReaderConfig": _reader_config})
_BATCHER: Final = Fields(
    "ItemBatcher",
    {
        "BatchInput": selector,
        "MaxItemsPerBatch": whole(1),
        "MaxItemsPerBatchPath": JSONPath(reference_path),
        "MaxInputBytesPerBatch": whole(1, _MOST_BYTES),
        "MaxInputBytesPerBatchPath": JSONPath(reference_path),
    },
    single=(
        ("MaxItemsPerBatch", "MaxItemsPerBatchPath"),
        ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"),
    ),
)
_WRITER_CONFIG: Final = Fields(
    "WriterConfig",
    {"OutputType": one_of("JSON", "JSONL"), "Transformation": one_of("NONE", "COMPACT", "FLATTEN")},
)


def _writer_config(place: Place, value: Json) -> None:
    check_fields(place, value, _WRITER_CONFIG)


_WRITER: Final = Fields("ResultWriter", {**_SOURCE, "Resource": some_text, "WriterConfig": _writer_config})


def reader(place: Place, value: Json) -> None:
    check_fields(place, value, _READER)


def batcher(place: Place, value: Json) -> None:
    if check_fields(place, value, _BATCHER) and not any(name.startswith("Max") for name in value):
        place.error("an ItemBatcher without a bound", "MaxItemsPerBatch, MaxInputBytesPerBatch or both")


def writer(place: Place, value: Json) -> None:
    check_fields(place, value, _WRITER)


def label(place: Place, value: Json) -> None:
    if not isinstance(value, str) or not value:
        place.error(shown(value), "a string of at least one character", code=Code.LABEL)
        return
    if len(value) > _LONGEST_LABEL:
        place.error(f"a label of {len(value)} characters", f"at most {_LONGEST_LABEL}", code=Code.LABEL)
    if found := _NOT_IN_LABEL.search(value):
        place.error(
            f"{shown(found.group())} in {shown(value)}",
            "a label without space, brackets, wildcards, special and control characters",
            code=Code.LABEL,
        )
    first = place.report.labels.setdefault(value, place.at)
    if first != place.at:
        place.error(
            f"{shown(value)}, which is the label at {first} too", "a label of its own", code=Code.DUPLICATE_LABEL
        )


def check_mode(place: Place, state: Mapping[str, Json]) -> None:
    """Fields of a distributed Map stand in one alone."""
    processor = state.get("ItemProcessor", state.get("Iterator"))
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    mode = config.get("Mode", Mode.INLINE) if isinstance(config, Mapping) else Mode.INLINE
    if mode == Mode.DISTRIBUTED:
        if place.express:
            place.error("a distributed Map", "an inline one: Express workflows have no others")
        return
    for name in _DISTRIBUTED_ONLY:
        if name in state:
            place.below(name).error(f"{name} in an inline Map", "ProcessorConfig with Mode DISTRIBUTED")
