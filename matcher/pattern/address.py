"""Turn IP literals and CIDR blocks into packed network-order bytes."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["parse_address", "parse_block"]

_V4: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_V6: Final = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_V4_IN_V6: Final = bytes(10) + b"\xff\xff"
_DIGITS: Final = frozenset("0123456789")


def parse_address(text: str) -> bytes | None:
    """Give the 4 or 16 bytes of an IP literal, or None for any other string.

    Leading zeros are decimal (010.0.0.1 is 10.0.0.1), a v4-mapped v6 address is the v4 one; no zone, no v4 tail
    (AWS's engine: its two regular expressions, then Java's InetAddress).
    """
    if ":" in text:
        return _v6(text) if _V6.fullmatch(text) else None
    if text[:1] in _DIGITS and _V4.fullmatch(text):
        return _v4(text)
    return None


def _v4(text: str) -> bytes | None:
    octets = [int(part) for part in text.split(".")] if len(text) <= 15 else [256]
    return bytes(octets) if max(octets) < 256 else None


def _v6(text: str) -> bytes | None:
    head, gap, tail = text.partition("::")
    if "::" in tail or tail.startswith(":"):
        return None
    before = head.split(":") if head else []
    after = tail.split(":") if tail else []
    missing = 8 - len(before) - len(after)
    if missing < 1 if gap else missing != 0:
        return None
    groups = [group.lstrip("0") or group[:1] for group in before] + ["0"] * missing
    groups += [group.lstrip("0") or group[:1] for group in after]
    if not all(1 <= len(group) <= 4 for group in groups):
        return None
    packed = b"".join(int(group, 16).to_bytes(2) for group in groups)
    return packed[12:] if packed.startswith(_V4_IN_V6) else packed


def parse_block(text: str) -> tuple[bytes, int]:
    """Give the floored base (4 or 16 bytes) and the mask bits of `address/bits`; raise ValueError with the reason.

    Bits are 0 to 31 for v4 and 0 to 127 for v6, as in AWS's engine; a v4-mapped base counts as v4.
    """
    address, slash, mask = text.partition("/")
    if not slash or not mask or "/" in mask.rstrip("/"):
        raise ValueError("one '/' between an address and its mask bits")
    number = re.fullmatch(r"([+-]?)0*([0-9]{1,9})/*", mask)
    if number is None:
        raise ValueError("mask bits that are an integer")
    packed = parse_address(address)
    if packed is None:
        raise ValueError("an IPv4 or IPv6 address before the '/'")
    bits, size = int(number[1] + number[2]), len(packed) * 8
    if not 0 <= bits < size:
        raise ValueError(f"mask bits from 0 to {size - 1} for IPv{4 if size == 32 else 6}")
    base = int.from_bytes(packed) >> (size - bits) << (size - bits)
    return base.to_bytes(len(packed)), bits
