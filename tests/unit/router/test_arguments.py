"""What a handler asks for by its signature is what it gets, or it is refused when it is registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pydantic
import pytest

from matcher import Context, Event, Message, Router, RouterError, TargetError
from matcher.router import models

EVENT = {"id": "e1", "source": "shop", "detail-type": "order", "detail": {"order": "o1", "total": 9.5}}


@dataclass
class Order:
    order: str
    total: float = 0.0


class OrderModel(pydantic.BaseModel):
    order: str
    total: pydantic.PositiveFloat


class OrderDict(TypedDict):
    order: str
    total: float


def given(function: Callable[..., Any], event: Any = EVENT, **settings: Any) -> Any:
    """What a handler returns for an event."""
    router = Router()
    router.rule({"source": ["shop"]}, **settings)(function)
    report = router.dispatch(event)
    report.raise_first()
    return report.outcomes[0].result


def test_a_first_parameter_without_a_type_is_the_event() -> None:
    assert given(lambda anything: anything) == EVENT


def test_types_of_json_values_get_the_event() -> None:
    def as_dict(event: dict[str, Any]) -> Any:
        return event

    def as_mapping(event: Mapping[str, Any]) -> Any:
        return event

    def annotated(event: Annotated[dict, "whatever"]) -> Any:
        return event

    assert given(as_dict) == given(as_mapping) == given(annotated) == EVENT


def test_bytes_are_the_text_as_it_came() -> None:
    def raw(event: bytes) -> Any:
        return event

    def text(event: str) -> Any:
        return event

    event = b'{ "source": "shop" }'
    assert given(raw, event) == event
    assert given(text, event) == event.decode()
    assert given(text, input='"a text"') == "a text"
    assert given(text, input={"a": 1}) == '{"a":1}'
    assert given(raw, input='"a text"') == b'"a text"'


def test_names_mean_parts_of_the_event() -> None:
    assert given(lambda detail: detail) == EVENT["detail"]
    assert given(lambda detail, event: (detail, event["id"])) == (EVENT["detail"], "e1")


def test_an_event_is_a_lazy_mapping() -> None:
    def handler(event: Event) -> Any:
        return event

    event = given(handler)
    assert dict(event) == EVENT
    assert (event.id, event.source, event.detail_type, event.detail) == ("e1", "shop", "order", EVENT["detail"])
    assert (event.account, event.region, event.time, event.resources) == ("", "", "", [])
    assert len(event) == 4
    assert "e1" in repr(event)


def test_a_context_tells_of_the_delivery() -> None:
    def handler(context: Context) -> Any:
        return context

    def by_name(event, context) -> Any:
        return context

    for context in (given(handler), given(by_name)):
        assert (context.event_id, context.bus, context.attempt, context.replay) == ("e1", "default", 1, "")
        assert context.delivery_id == f"e1/default/{context.rule}/{context.target}"


def test_models_are_made_of_the_detail() -> None:
    def as_dataclass(order: Order) -> Any:
        return order

    def as_model(order: OrderModel) -> Any:
        return order

    def as_typed_dict(order: OrderDict) -> Any:
        return order

    assert given(as_dataclass) == Order("o1", 9.5)
    assert given(as_model) == OrderModel(order="o1", total=9.5)
    assert given(as_typed_dict) == {"order": "o1", "total": 9.5}


def test_a_local_model_is_found_where_the_handler_is_registered() -> None:
    @dataclass
    class Line:
        order: str

    def handler(line: Line, context: Context) -> Any:
        return line, context.event_id

    assert given(handler) == (Line("o1"), "e1")


def test_a_model_of_the_event_is_asked_for_by_name() -> None:
    class Envelope(pydantic.BaseModel):
        source: str
        detail: OrderModel

    def handler(event: Envelope) -> Any:
        return event.detail.total

    assert given(handler) == 9.5


def test_a_model_of_a_shaped_input_is_made_of_it() -> None:
    class Total(pydantic.BaseModel):
        sum: float

    def handler(total: Total) -> Any:
        return total.sum

    def number(total: float) -> Any:
        return total

    assert given(handler, transform=lambda event: {"sum": event["detail"]["total"]}) == 9.5
    assert given(number, input_path="$.detail.total") == 9.5


def test_keyword_only_parameters_and_defaults() -> None:
    def handler(event, *, context: Context, retries: int = 3, **others: Any) -> Any:
        return event["id"], context.event_id, retries

    assert given(handler) == ("e1", "e1", 3)


def test_a_handler_may_ask_for_nothing_or_for_the_message() -> None:
    def message(message: Message) -> Any:
        return message.event_id

    assert given(lambda: "called") == "called"
    assert given(message) == "e1"


def test_methods_and_callable_objects_are_handlers() -> None:
    class Service:
        def handle(self, order: Order) -> Any:
            return order.order

        def __call__(self, event: bytes) -> Any:
            return len(event)

    assert given(Service().handle) == "o1"
    assert given(Service(), b'{"source":"shop"}') == 17


def test_what_is_no_model_is_not_retryable_and_names_the_field() -> None:
    def handler(order: OrderModel) -> None:
        raise AssertionError("never called")

    with pytest.raises(TargetError, match="at /total: Input should be greater than 0") as caught:
        given(handler, {**EVENT, "detail": {"order": "o1", "total": -1}})
    assert not caught.value.retryable
    assert caught.value.code == models.CODE


def test_dataclasses_need_no_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pydantic", None)

    def handler(order: Order) -> Any:
        return order

    assert given(handler) == Order("o1", 9.5)
    with pytest.raises(TargetError, match="at /order: a required member is missing"):
        given(handler, {**EVENT, "detail": {"total": 1}})
    with pytest.raises(ImportError, match=r"matcher\[models\]"):
        given(lambda order: order, name="x") and Router().rule({})(_typed(OrderDict))


def _typed(kind: Any) -> Callable[..., Any]:
    def handler(order) -> Any:
        return order

    handler.__annotations__["order"] = kind
    return handler


@pytest.mark.parametrize("kind", [int, float, bool, list, list[int], type(None), set[str]])
def test_what_no_detail_is_is_refused_at_once(kind: Any) -> None:
    with pytest.raises(RouterError, match="a handler takes any of"):
        Router().rule({"source": ["shop"]})(_typed(kind))


def test_a_second_parameter_that_means_nothing_is_refused() -> None:
    with pytest.raises(RouterError, match="asks for `other`"):
        Router().rule({"source": ["shop"]})(lambda event, other: None)


def test_a_type_that_is_not_defined_is_refused() -> None:
    with pytest.raises(RouterError, match="not defined where it is registered"):
        Router().rule({"source": ["shop"]})(_typed("Nowhere"))


def test_a_type_that_json_can_not_make_is_refused() -> None:
    class Opaque:
        pass

    with pytest.raises(RouterError, match="Opaque can't be made of JSON"):
        Router().rule({"source": ["shop"]})(_typed(Opaque))
