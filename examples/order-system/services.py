"""Three services of a shop: payments by a provider that may be down, a warehouse, and messages to customers."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Order", "PaymentProvider", "Post", "Warehouse"]


@dataclass(frozen=True)
class Order:
    """The detail of an event about an order."""

    order: str
    customer: str
    total: float
    items: list[str] = field(default_factory=list)


@dataclass
class PaymentProvider:
    """Somebody else's service: now and then it can't be reached."""

    down: bool = False
    charged: dict[str, float] = field(default_factory=dict)
    calls: int = 0

    def charge(self, order: Order) -> str:
        self.calls += 1
        if self.down:
            raise ConnectionError("the payment provider does not answer")
        if order.total <= 0:
            raise ValueError(f"{order.total} is no amount to charge")
        self.charged[order.order] = order.total
        return f"receipt-{order.order}"


@dataclass
class Warehouse:
    packed: list[str] = field(default_factory=list)

    async def pack(self, order: Order) -> None:
        self.packed.append(order.order)


@dataclass
class Post:
    """Messages to customers, each with its text."""

    sent: list[str] = field(default_factory=list)

    def send(self, text: str) -> None:
        self.sent.append(text)
