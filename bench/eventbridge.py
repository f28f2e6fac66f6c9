"""Turn a seed into EventBridge-like events of about 930 bytes: an envelope, and an order in its detail."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PROFILES", "Profile", "events"]

SEED = 20_240_601


@dataclass(frozen=True, slots=True)
class Profile:
    """How selective the envelope is: the number of sources, of detail-types, and whether some are much more common."""

    sources: int
    kinds: int
    skewed: bool = False

    def source(self, rng: random.Random) -> str:
        return f"com.example.service-{self._pick(rng, self.sources):03}"

    def kind(self, rng: random.Random) -> str:
        number = self._pick(rng, self.kinds)
        return f"{NOUNS[number % len(NOUNS)]} {VERBS[number // len(NOUNS) % len(VERBS)]}"

    def _pick(self, rng: random.Random, count: int) -> int:
        # The cube of a uniform number gives the first tenth of the values almost half of the weight.
        return int(count * (rng.random() ** 3 if self.skewed else rng.random()))


NOUNS = ("Order", "Payment", "Refund", "Shipment", "Invoice", "Basket", "Customer", "Stock", "Parcel", "Return")
VERBS = ("Created", "Updated", "Cancelled", "Accepted", "Rejected", "Completed", "Failed", "Delayed", "Split", "Closed")

PROFILES = {
    "spread": Profile(sources=100, kinds=100),
    "coarse": Profile(sources=1, kinds=1),
    "skewed": Profile(sources=40, kinds=100, skewed=True),
}

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1", "ap-southeast-2")
STATES = ("created", "reserved", "paid", "packed", "shipped", "delivered")
COUNTRIES = ("DE", "FR", "IN", "JP", "BR", "US", "GB", "ES", "PL", "NL")
CARRIERS = ("Northwind Express", "Blue Parcel", "Rapid Freight", "Postal Union", "Harbour Line", "Skyway Cargo")
TAGS = ("gift", "priority", "fragile", "bulk", "pre-order", "export", "sample", "insured", "cold-chain", "repeat")
GIVEN = ("ada", "bruno", "chen", "dalia", "emeka", "farah", "goran", "hana", "ivan", "jorge", "keiko", "lena")
FAMILY = ("abe", "brandt", "costa", "dubois", "evans", "fischer", "garcia", "haddad", "ito", "jansen", "kaya", "lopez")
REMARKS = (
    "left at the reception desk, ring twice",
    'customer asked for "no plastic" in the parcel',
    "Lieferung nach 18 Uhr, bitte bei Familie Müller klingeln",
    "second attempt, first one failed at the gate",
    "paid by transfer; see note of the accounts team",
)


def sku(rng: random.Random) -> str:
    return f"SKU-{rng.randrange(50_000):05}-{'XSML'[rng.randrange(4)]}"


def customer(rng: random.Random) -> str:
    return f"cus-{rng.randrange(1_000_000):07}"


def warehouse(rng: random.Random) -> str:
    return f"wh-{rng.randrange(1_000):04}"


def address(rng: random.Random) -> str:
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def total(rng: random.Random) -> float:
    return round(rng.random() ** 2 * 2_000, 2)


def trace(rng: random.Random) -> str:
    return f"{rng.getrandbits(64):016x}"


def event(rng: random.Random, profile: Profile) -> dict[str, Any]:
    """One event as a dict; its members stand in the order in which a bus sends them."""
    account = f"{111122223333 + rng.randrange(12)}"
    region = rng.choice(REGIONS)
    moment = f"2024-06-{rng.randrange(1, 31):02}T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}Z"
    order = f"ord-{rng.getrandbits(40):010x}"
    return {
        "version": "0",
        "id": f"{rng.getrandbits(32):08x}-{rng.getrandbits(16):04x}-4{rng.getrandbits(12):03x}-"
        f"9{rng.getrandbits(12):03x}-{rng.getrandbits(48):012x}",
        "detail-type": profile.kind(rng),
        "source": profile.source(rng),
        "account": account,
        "time": moment,
        "region": region,
        "resources": [f"arn:aws:orders:{region}:{account}:order/{order}"],
        "detail": _detail(rng, order, moment),
    }


def _detail(rng: random.Random, order: str, moment: str) -> dict[str, Any]:
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    return {
        "order": order,
        "state": rng.choice(STATES),
        "priority": rng.randrange(1, 6),
        "total": total(rng),
        "currency": "EUR",
        "customer": {
            "id": customer(rng),
            "tier": rng.randrange(1, 5),
            "email": f"{given}.{family}{rng.randrange(100)}@example.com",
            "country": rng.choice(COUNTRIES),
            "address": address(rng),
        },
        "items": [
            {"sku": sku(rng), "quantity": rng.randrange(1, 9), "price": total(rng)} for _ in range(rng.randrange(2, 4))
        ],
        "tags": rng.sample(TAGS, rng.randrange(2, 5)),
        "warehouse": warehouse(rng),
        "carrier": {"name": rng.choice(CARRIERS), "express": rng.random() < 0.3, "attempt": rng.randrange(4)},
        "coupon": None if rng.random() < 0.7 else f"SAVE{rng.randrange(5, 50)}",
        "trace": trace(rng),
        "session": f"{rng.getrandbits(120):030x}",
        "updated": moment,
        "remark": rng.choice(REMARKS),
    }


def events(profile: Profile, count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """That many events; the same seed and profile always give the same ones."""
    rng = random.Random(seed)
    for _ in range(count):
        yield event(rng, profile)
