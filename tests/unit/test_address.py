"""IP literals and blocks, as AWS's engine and Java's InetAddress read them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pattern.address import parse_address, parse_block


def spelled(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Write all groups of a v6 address; Python 3.13 would write a v4 tail."""
    return str(address) if address.version == 4 else address.packed.hex(":", 2)


@given(st.ip_addresses(v=4))
def test_every_v4_address(address: ipaddress.IPv4Address) -> None:
    assert parse_address(str(address)) == address.packed


@given(st.ip_addresses(v=6))
def test_every_v6_address(address: ipaddress.IPv6Address) -> None:
    packed = address.ipv4_mapped.packed if address.ipv4_mapped else address.packed
    assert parse_address(spelled(address).upper()) == packed
    if "." not in str(address):
        assert parse_address(str(address)) == packed


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("010.0.0.1", "10.0.0.1"),
        ("000010.0.0.01", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("0:0:0:0:0:FFFF:0a00:0001", "10.0.0.1"),
        ("00000001::", "1::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ],
)
def test_other_spellings(text: str, same: str) -> None:
    assert parse_address(text) == ipaddress.ip_address(same).packed


@pytest.mark.parametrize(
    "text",
    [
        *("", "host", "256.1.1.1", "1.2.3", "1.2.3.4.5", "1.2.3.4\n", " 1.2.3.4", "1.2.3.x", ".1.2.3", "١.2.3.4"),
        *("0000000000010.0.0.1", ":", ":::", "1:2", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7"),
        *("1:2:3:4:5:6:7:8::", "10000::", "::g", "::1%eth0", "::ffff:10.0.0.1"),
    ],
)
def test_no_addresses(text: str) -> None:
    assert parse_address(text) is None


@given(st.ip_addresses(), st.data())
def test_blocks_are_floored(address: ipaddress.IPv4Address | ipaddress.IPv6Address, data: st.DataObject) -> None:
    packed = parse_address(spelled(address))
    assert packed is not None
    bits = data.draw(st.integers(0, len(packed) * 8 - 1))
    base, mask = parse_block(f"{spelled(address)}/{bits}")
    assert mask == bits
    assert base == ipaddress.ip_network((packed, bits), strict=False).network_address.packed


@pytest.mark.parametrize("text", ["10.9.8.7/+8", "10.9.8.7/08", "10.9.8.7/8/", "::ffff:a09:1/8", "010.1.1.1/8"])
def test_odd_blocks(text: str) -> None:
    assert parse_block(text) == (b"\x0a\x00\x00\x00", 8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.0", "one '/'"),
        ("10.0.0.0/", "one '/'"),
        ("10.0.0.0/8/8", "one '/'"),
        ("10.0.0.0/x", "integer"),
        ("10.0.0.0/ 8", "integer"),
        ("10.0.0.0/" + "9" * 5_000, "integer"),
        ("10.0.0.0/-1", "0 to 31"),
        ("10.0.0.0/32", "0 to 31"),
        ("::/128", "0 to 127"),
        ("host/8", "address"),
        ("/8", "address"),
        ("::ffff:a00:0/104", "0 to 31"),
    ],
)
def test_blocks_that_are_none(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_block(text)
