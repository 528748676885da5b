"""The crawler connects to public addresses only, whatever a name or a redirect says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.capture.addresses import is_public
from broadsheet.capture.web.addresses import stated_address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1",
        "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:db8::1", "64:ff9b:1::7f00:1", "fec0::1",
        "::127.0.0.1", "::a00:1", "::ffff:0:127.0.0.1", "5f00::1", "3fff::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:2::1",
        "2001:10::1", "2001:1::4", "192.0.0.8", "192.88.99.1", "4000::1", "localhost", "", "2130706433",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [
    "9.9.9.9", "1.1.1.1", "2606:4700::1111", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1", "192.0.0.9", "2001:20::1",
    "2001:1::1", "2001:4:112::1", "2001:200::1", "172.15.255.255", "172.32.0.0", "192.31.196.1", "223.255.255.255"])  # fmt: skip
def test_addresses_that_are_public(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(inner):
    told = is_public(str(inner))
    assert [is_public(f"::ffff:{inner}"), is_public(f"64:ff9b::{inner}"), is_public(f"2002:{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}::1")] == [
        told
    ] * 3
    assert not is_public(f"::{inner}") and not is_public(f"::ffff:0:{inner}") and not is_public(f"64:ff9b:1::{inner}")


@pytest.mark.parametrize(
    ("host", "stated"),
    [
        ("news.example", ("127.0.0.1", 8000)),
        ("a.b.example", ("127.0.0.2", None)),
        ("v6.test", ("::1", 8000)),
        ("v6b.test", ("::1", None)),
        ("other.test", None),
        ("example", None),
    ],
)
def test_addresses_that_a_source_states(host, stated):
    resolve = {"news.example": "127.0.0.1:8000", "*.example": "127.0.0.2", "v6.test": "[::1]:8000", "v6b.test": "::1"}
    assert stated_address(host, resolve) == stated
