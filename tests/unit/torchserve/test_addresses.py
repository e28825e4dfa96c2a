"""Addresses as people write them."""

from __future__ import annotations

import contextlib
import socket

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsmon.torchserve.addresses import Addresses, base_url
from tsmon.torchserve.errors import InvalidArgument

hosts = st.sampled_from(["localhost", "10.0.0.7", "ts.example.org", "gpu_box", "[::1]"])
ports = st.integers(2, 65534)


def test_without_anything_torchserves_defaults_on_loopback() -> None:
    assert Addresses.from_server() == Addresses(
        "http://127.0.0.1:8080", "http://127.0.0.1:8081", "http://127.0.0.1:8082"
    )


@given(st.sampled_from(["", "http://", "https://"]), hosts, ports)
def test_port_is_that_of_management_and_the_others_are_beside_it(
    scheme: str, host: str, port: int
) -> None:
    addresses = Addresses.from_server(f"{scheme}{host}:{port}")
    base = f"{scheme or 'http://'}{host}"
    assert addresses == Addresses(f"{base}:{port - 1}", f"{base}:{port}", f"{base}:{port + 1}")


@given(hosts)
def test_host_alone_has_the_default_ports(host: str) -> None:
    assert Addresses.from_server(host) == Addresses.from_server(f"http://{host}:8081/")


def test_single_address_wins_over_the_server() -> None:
    addresses = Addresses.from_server("box:1", inference="https://lb", metrics="other:9999")
    assert addresses == Addresses("https://lb", "http://box:1", "http://other:9999")


@pytest.mark.parametrize("url", ["https://host/ts", "http://host:80/a/b", "unix:/run/ts.sock"])
def test_behind_a_path_or_a_socket_all_three_are_together(url: str) -> None:
    assert Addresses.from_server(url).all == (url, url, url)
    assert Addresses.from_server(f"{url}/" if "//" in url else url).all == (url, url, url)
    apart = Addresses.from_server(url, metrics="http://host:8082/m/")
    assert apart.all == (url, url, "http://host:8082/m")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host",
        "http://",
        "host/a path",
        "unix:relative.sock",
        "host:port",
        "host:0",
        "host:65536",
        "host:-1",
        "http://host?x=1",
        "host#part",
        "user:password@host",
        "two words",
        "[::1",
        ":8081",
    ],
)
def test_what_is_no_address_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        Addresses.from_server(text)
    assert error.value.hint


@given(
    st.sampled_from(["", "http://", "https://", "ftp://"]),
    st.text(st.characters(codec="utf-8", exclude_characters="@"), min_size=1),
    st.sampled_from(["host", "host:8081", "h:port", "[::1", ""]),
)
@example("http://", "o/p?q#r:s://t", "host")
def test_a_password_is_refused_with_the_way_out_and_never_repeated(
    scheme: str, noise: str, host: str
) -> None:
    password = f"{noise}Pa55word{noise}"
    with pytest.raises(InvalidArgument) as error:
        base_url(f"{scheme}user:{password}@{host}")
    assert "Pa55word" not in f"{error.value.message} {error.value.hint}"
    assert "--key-file" in error.value.hint


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8081", True),
        ("http://127.1.2.3:8081", True),
        ("http://[::1]:8081", True),
        ("http://localhost:8081", True),
        ("http://127.0.0.1.example.com:8081", False),
        ("http://127.example.com:8081", False),
        ("http://localhost.example.com:8081", False),
        ("http://10.0.0.1:8081", False),
    ],
)
def test_only_loopback_is_this_machine(url: str, local: bool) -> None:
    assert Addresses.from_server(url).is_local is local


@pytest.mark.parametrize("port", [1, 65535])
def test_port_without_neighbours_needs_the_other_addresses(port: int) -> None:
    with pytest.raises(InvalidArgument):
        Addresses.from_server(f"host:{port}")


@given(st.text() | st.from_regex(r"[a-z\[\]:/@?#%.0-9 ]{1,20}", fullmatch=True))
def test_whatever_is_accepted_can_be_requested_and_is_its_own_base_url(text: str) -> None:
    with contextlib.suppress(InvalidArgument):
        base = base_url(text)
        assert httpx.URL(base).host
        assert base_url(base) == base


@pytest.mark.parametrize(
    ("server", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("[::1]", True),
        (socket.gethostname(), True),
        ("gpu", False),
    ],
)
def test_this_machine_is_local(server: str, local: bool) -> None:
    assert Addresses.from_server(server).is_local is local


def test_label_is_the_management_address_without_scheme() -> None:
    assert Addresses.from_server("https://gpu:9001").label == "gpu:9001"
