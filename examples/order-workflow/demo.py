"""Turn orders into executions of a workflow: one goes well, one waits for a human, one is taken back.

An event starts each; the payment provider fails now and then; what each execution did is drawn as SVG.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from matcher import Router
from matcher.workflow.host.tasks import TaskError
from matcher.workflow.workflow import Workflow

DEFINITION = (Path(__file__).parent / "order.asl.json").read_bytes()
ORDERS = [
    {"order": "o-1", "customer": "ada", "items": [{"name": "tea", "price": 12, "stock": 3}, {"name": "pot", "price": 30, "stock": 0}]},
    {"order": "o-2", "customer": "bruno", "items": [{"name": "samovar", "price": 1200, "stock": 1}]},
    {"order": "o-3", "customer": "chen", "items": [{"name": "cup", "price": 5, "stock": 9}, {"name": "chandelier", "price": 90, "stock": 1}]},
    {"order": "o-4", "customer": "dora", "items": []},
]


class Shop:
    """The services of a shop, and what they were asked to do."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.waiting: dict[str, str] = {}
        self.refunded: list[str] = []

    def validate(self, order: dict[str, Any]) -> dict[str, Any]:
        if not order["items"]:
            raise TaskError("InvalidOrder", "nothing is ordered")
        return {"total": sum(item["price"] for item in order["items"])}

    def ask_manager(self, question: dict[str, Any]) -> None:
        """Who answers is a human, later: what they need to answer is the token."""
        self.waiting[question["order"]] = question["token"]

    def charge(self, payment: dict[str, Any]) -> str:
        self.calls[payment["order"]] += 1
        if payment["order"] == "o-1" and self.calls["o-1"] < 3:
            raise TaskError("ProviderDown", "no answer")
        return f"receipt-{payment['order']}"

    def restock(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "stock": 10}

    def ship(self, name: str) -> str:
        if name == "chandelier":
            raise TaskError("TooFragile", "the chandelier broke")
        return f"{name} is on its way"

    def notify(self, message: dict[str, Any]) -> None:
        self.calls[f"told {message['customer']}"] += 1

    def refund(self, receipt: str) -> None:
        self.refunded.append(receipt)


def workflow(shop: Shop, store: str) -> Workflow:
    """The workflow, and what does its tasks."""
    names = ("validate", "charge", "restock", "ship", "notify", "refund")
    tasks = {name: getattr(shop, name) for name in names}
    return Workflow.load(DEFINITION, tasks={**tasks, "ask-manager": shop.ask_manager}, name="order", store=store)


def main(folder: Path, pictures: Path) -> None:
    shop = Shop()
    with workflow(shop, f"sqlite:///{folder}/workflows.db") as orders, Router(f"sqlite:///{folder}/events.db") as router:
        router.add_rule("start", {"source": ["shop.orders"], "detail-type": ["OrderCreated"]})
        router.add_target("start", orders, input_path="$.detail")
        router.put([{"Source": "shop.orders", "DetailType": "OrderCreated", "Detail": order} for order in ORDERS])
        router.drain()
        started = {record.input["order"]: record.name for record in orders.list()}
        print(f"{len(started)} events started {len(started)} executions.")
        while "o-2" not in shop.waiting:
            orders.wait(started["o-1"])
        print("A manager looks at o-2 and approves.")
        orders.send_task_success(shop.waiting["o-2"], {"by": "the manager"})
        for order, name in sorted(started.items()):
            record = orders.wait(name)
            print(f"{order}: {record.status}, {record.output or record.cause}")
            orders.graph(name).save(pictures / f"{order}.svg")
        orders.graph().save(pictures / "order.svg")
    print(f"Attempts to charge o-1: {shop.calls['o-1']}. Refunded: {shop.refunded}.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place), Path(sys.argv[1] if len(sys.argv) > 1 else place))
