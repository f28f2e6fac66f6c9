"""Turn the services of a shop into one system: what happens to an order is an event, and rules say who hears of it."""

from __future__ import annotations

from services import Order, PaymentProvider, Post, Warehouse

from matcher import Context, Retry, Router, TargetError

__all__ = ["shop"]

#: An impatient shop: four attempts within a second.
SOON = Retry(attempts=3, base=0.02, longest=0.1)


def shop(store: str, provider: PaymentProvider, warehouse: Warehouse, post: Post) -> Router:
    """Give the router of the shop, which keeps its events in that store."""
    router = Router(store)
    router.archive("orders", {"source": ["shop.orders"]}, retention=30 * 86_400)

    @router.rule(
        {"source": ["shop.orders"], "detail-type": ["OrderPlaced"]},
        group="$.detail.customer",  # a customer's orders are charged one after another
        idempotent="$.detail.order",  # an order is charged once, however often its event comes
        retry=SOON,
        dead_letter="payments-dlq",
    )
    async def charge(order: Order, context: Context) -> str:
        receipt = provider.charge(order)
        detail = {"order": order.order, "customer": order.customer, "total": order.total, "items": order.items}
        paid = {"Source": "shop.payments", "DetailType": "OrderPaid", "Detail": detail}
        await router.aput(paid, correlation_id=context.correlation_id)
        return receipt

    @router.exception_handler(ValueError)
    def hopeless(error: ValueError) -> None:
        raise TargetError(str(error), retryable=False, code="INVALID_AMOUNT") from error

    @router.rule({"source": ["shop.payments"], "detail-type": ["OrderPaid"]})
    async def pack(order: Order) -> None:
        await warehouse.pack(order)

    router.add_rule("tell-big-spenders", {"detail-type": ["OrderPaid"], "detail": {"total": [{"numeric": [">", 100]}]}})
    router.add_target(
        "tell-big-spenders",
        post.send,
        input_transformer={
            "paths": {"who": "$.detail.customer", "order": "$.detail.order", "total": "$.detail.total"},
            "template": '"Dear <who>, your order <order> of <total> EUR is paid: a gift comes with it."',
        },
    )
    return router
