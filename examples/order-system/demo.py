"""Run the shop through a bad day: the payment provider fails, orders end as dead letters, and none is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

from services import Order, PaymentProvider, Post, Warehouse
from shop import shop

from matcher import Event, Router
from matcher.store.records import DeadLetter

ORDERS = [
    Order("o-1", "ada", 40.0, ["tea"]),
    Order("o-2", "bruno", 250.0, ["teapot", "cups"]),
    Order("o-3", "ada", 15.5, ["biscuits"]),
    Order("o-4", "chen", -1.0, ["a mistake"]),
]


def place(router: Router, orders: list[Order]) -> None:
    """What the web shop does: it puts an event, and goes on."""
    result = router.put([
        {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": vars(order)} for order in orders
    ])  # fmt: skip
    print(f"put {len(result)} orders, {result.failed_entry_count} refused")


def tell(router: Router) -> None:
    """What became of payments."""
    for letter in sorted(router.dead_letters("payments-dlq").list(), key=_order):
        print(f"  {_order(letter)} is a dead letter: {letter.error_code}, {letter.error_message}; attempts: {letter.attempts}")


def _order(letter: DeadLetter) -> str:
    return str(Event(letter.entry.body).detail["order"])


def main(folder: Path) -> None:
    provider, warehouse, post = PaymentProvider(down=True), Warehouse(), Post()
    with shop(f"sqlite:///{folder}/shop.db", provider, warehouse, post) as router:
        print("The payment provider is down.")
        place(router, ORDERS)
        router.drain()
        tell(router)
        print(f"  charged: {provider.charged or 'nothing'}")

        print("It is back: what waits as dead letters is sent again.")
        provider.down = False
        print(f"  redriven: {router.dead_letters('payments-dlq').redrive()}")
        router.drain()
        tell(router)
        print(f"  charged: {sorted(provider.charged.items())}")
        print(f"  packed: {sorted(warehouse.packed)}")
        print(f"  sent: {post.sent}")

        print("An order that is placed twice is charged once.")
        calls = provider.calls
        place(router, ORDERS[:1])
        router.drain()
        print(f"  calls of the provider: {provider.calls - calls}")

        print("A rule that is new gets what happened before it.")
        seen: list[str] = []
        router.rule({"detail-type": ["OrderPlaced"]}, name="statistics")(lambda detail: seen.append(detail["customer"]))
        replay = router.replay("orders", to_rules=["statistics"], name="history")
        print(f"  replayed: {replay.finish().sent}")
        router.drain()
        print(f"  seen: {sorted(seen)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place_of_the_store:
        main(Path(place_of_the_store))
