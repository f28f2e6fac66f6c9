"""Turn a seed into events.jsonl: two hundred events of an order system, as its event bus would carry them.

Run `python examples/orders/generate.py` to write the file again; the same seed gives the same bytes.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EVENTS = 200
SEED = 2026
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

CUSTOMERS = [
    ("ana@mail.example", "PT", "gold"),
    ("bo+trial@mail.example", "SE", "Basic"),
    ("chloé@courriel.example", "FR", "Gold"),
    ("dieter@post.example", "DE", "basic"),
    ("QA@TEST.EXAMPLE", "US", "basic"),
    ("emi@yubin.example", "JP", "platinum"),
    ("frank@mail.example", "US", "GOLD"),
]
PRODUCTS = [("GLS-100", 0.4, 12.5), ("GLS-900", 14.0, 219.0), ("BOK-007", 0.8, 18.99), ("FRN-310", 38.0, 449.0)]
REASONS = ["insufficient_funds", "card_expired", "do_not_honor", "suspected_fraud"]
WAREHOUSES = ["lisbon-south", "malmö-north", "reno-west", "osaka-north"]


def order(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """Make an order, as its customer placed it."""
    email, country, tier = dice.choice(CUSTOMERS)
    items = []
    total = 0.0
    for sku, weight, price in dice.sample(PRODUCTS, dice.randint(1, 3)):
        quantity = dice.randint(1, 4)
        items.append({"sku": sku, "weight": weight, "price": price, "quantity": quantity})
        total += price * quantity
    detail: dict[str, Any] = {
        "orderId": f"ord-{dice.randrange(16**6):06x}",
        "customer": {"email": email, "country": country, "tier": tier, "orders": dice.choice([1, 2, 5, 31])},
        "ip": f"{dice.choice(['198.51.100', '203.0.113', '192.0.2'])}.{dice.randint(1, 254)}",
        "items": items,
        "total": round(total, 2),
        "currency": "EUR" if country in {"PT", "FR", "DE"} else "USD",
        "shipping": {"method": dice.choice(["standard", "standard", "express", "pickup"])},
    }
    if dice.random() < 0.3:
        detail["coupon"] = dice.choice(["SPRING10", "WELCOME"])
    if dice.random() < 0.2:
        detail["gift"] = {"wrap": True, "message": dice.choice(["Happy birthday!", "愛をこめて", ""])}
    return "OrderPlaced", detail


def payment(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """Make a payment, taken or refused."""
    detail: dict[str, Any] = {"orderId": f"ord-{dice.randrange(16**6):06x}", "amount": dice.randint(5, 1500)}
    if dice.random() < 0.4:
        return "PaymentFailed", detail | {"reason": dice.choice(REASONS), "attempt": dice.randint(1, 4)}
    return "PaymentCaptured", detail | {"reason": None}


def shipment(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """Make a step of a parcel's way."""
    state = dice.choice(["packed", "handed_over", "delivered", "returned"])
    return "ShipmentUpdated", {
        "orderId": f"ord-{dice.randrange(16**6):06x}",
        "warehouse": dice.choice(WAREHOUSES),
        "state": state,
        "carrier": {"name": dice.choice(["PostNord", "DHL", "Yamato"]), "late": dice.random() < 0.2},
    }


def events() -> list[dict[str, Any]]:
    """Make all events, in the order of their time."""
    dice = random.Random(SEED)
    made = []
    time = START
    for _ in range(EVENTS):
        time += timedelta(seconds=dice.randint(5, 900))
        system, make = dice.choice(
            [("orders", order), ("orders", order), ("payments", payment), ("shipping", shipment)]
        )
        detail_type, detail = make(dice)
        made.append(
            {
                "version": "0",
                "id": f"{dice.randrange(16**8):08x}-0000-4000-8000-{dice.randrange(16**12):012x}",
                "detail-type": detail_type,
                "source": f"com.myapp.{system}",
                "account": "123456789012",
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": "eu-north-1",
                "resources": [f"order/{detail['orderId']}"],
                "detail": detail,
            }
        )
    return made


def main() -> None:
    """Write the file."""
    lines = [json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" for event in events()]
    Path(__file__).with_name("events.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
