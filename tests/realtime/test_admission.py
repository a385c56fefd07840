"""Who may connect, for how long, and what a client may ask for."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import time
from typing import Any

import aiohttp
import jwt
import psutil
import pytest
from socketio.exceptions import ConnectionError

from tests.realtime.test_events import call, token_of
from tests.support.api import ok, problem
from tests.support.shop import Shop
from tests.support.sockets import Socket, opened

ENDED_WITHIN = 2.0
CALLS, CALLS_OF_ONE = 10_000, 100


def signed(shop: Shop, token: str, **changes: Any) -> str:
    """The token with other claims, signed with the shop's own key."""
    key = shop.demo.signing_key()
    return jwt.encode(jwt.decode(token, key, algorithms=["HS256"]) | changes, key, algorithm="HS256")


async def test_a_bad_token_is_refused_with_connect_error(shop: Shop) -> None:
    good = token_of(shop.buyer())
    ended = shop.buyer()
    ok(ended.api.post("/api/auth/logout"), 204)
    tokens = ["x", good[:-2], signed(shop, good, exp=int(time.time()) - 60), signed(shop, good, typ="refresh")]
    for token in [*tokens, token_of(ended)]:
        socket = Socket(shop.url)
        with pytest.raises(ConnectionError):
            await socket.open(token)
        refusals = [data for name, data in socket.heard if name == "connect_error"]
        assert refusals[0]["data"]["code"] == "unauthenticated", refusals


async def test_a_page_of_another_origin_gets_no_socket(shop: Shop) -> None:
    with pytest.raises(ConnectionError):
        await Socket(shop.url).open(Origin="http://evil.example")
    async with opened(shop.url, None, Origin=shop.url) as (socket,):
        assert (await socket.subscribe(catalog=True))["ok"]


def test_without_a_web_socket_it_is_a_problem_document(shop: Shop) -> None:
    answer = shop.anonymous.get("/socket.io/?EIO=4&transport=polling")
    problem(answer, 400, "bad_request")
    assert answer.headers["x-content-type-options"] == "nosniff"
    foreign = shop.anonymous.get("/socket.io/?EIO=4&transport=websocket", headers={"origin": "http://evil.example"})
    problem(foreign, 403, "forbidden")


async def test_a_token_in_the_address_is_nobodys(shop: Shop) -> None:
    seller = shop.seller()
    socket = Socket(f"{shop.url}?token={token_of(seller)}")
    try:
        await socket.open()
        await socket.subscribe(catalog=True)
        product = shop.product(seller)
        shop.buy(shop.buyer(), (product, 1))
        await socket.until(lambda s: any(e["version"] == 2 for e in s.of("stock_update")), "the sale")
        assert {name for name, _ in socket.heard} == {"stock_update"}
    finally:
        await socket.close()


@pytest.mark.parametrize("how", ["logout", "deletion"])
async def test_the_end_of_a_session_ends_its_sockets_on_every_worker(shop: Shop, how: str) -> None:
    person, admin = shop.buyer(), shop.admin(fresh=True)
    async with opened(shop.url, *[token_of(person)] * 6, None) as (*mine, other):
        if how == "logout":
            ok(await call(person.api.post, "/api/auth/logout"), 204)
        else:
            ok(await call(admin.api.delete, f"/api/admin/users/{person.id}"), 204)
        await asyncio.wait_for(asyncio.gather(*(socket.ended.wait() for socket in mine)), ENDED_WITHIN)
        assert {(await socket.get("closing"))[0]["code"] for socket in mine} == {"unauthenticated"}
        assert not other.ended.is_set()


async def test_a_socket_ends_with_its_token_unless_it_brings_a_new_one(shop: Shop) -> None:
    person = shop.buyer()
    soon = signed(shop, token_of(person), exp=int(time.time()) + 3)
    async with opened(shop.url, soon, soon) as (left, renewed):
        assert (await renewed.ask("auth", {"token": token_of(person)}))["ok"]
        await asyncio.wait_for(left.ended.wait(), 10)
        assert (await left.get("closing"))[0]["code"] == "unauthenticated"
        assert (await renewed.subscribe(catalog=True))["ok"]
        assert not renewed.ended.is_set()


async def test_another_users_token_ends_the_socket(shop: Shop) -> None:
    async with opened(shop.url, token_of(shop.buyer())) as (socket,):
        assert (await socket.ask("auth", {"token": token_of(shop.buyer())}))["code"] == "unauthenticated"
        await asyncio.wait_for(socket.ended.wait(), 10)


@pytest.mark.parametrize(
    "wish", [None, [], "x", {}, {"product_ids": "x"}, {"product_ids": [1]}, {"catalog": 1}, {"a": 1}]
)
async def test_what_is_not_understood_is_said_and_changes_nothing(shop: Shop, wish: Any) -> None:
    async with opened(shop.url, None) as (socket,):
        assert (await socket.ask("subscribe", wish))["code"] == "validation_failed"
        assert (await socket.subscribe(catalog=True)) == {"ok": True, "subscriptions": 1}


async def test_more_rooms_than_allowed_end_the_socket(shop: Shop) -> None:
    ids = [f"{'a' * 24}-{n:024x}" for n in range(501)]
    async with opened(shop.url, None) as (socket,):
        assert (await socket.subscribe(*ids[:500]))["subscriptions"] == 500
        assert (await socket.ask("unsubscribe", {"product_ids": ids[:1]}))["subscriptions"] == 499
        assert (await socket.subscribe(ids[0]))["ok"]
        assert (await socket.subscribe(ids[500]))["code"] == "too_many_rooms"
        await asyncio.wait_for(socket.ended.wait(), 10)
        assert (await socket.get("closing"))[0]["code"] == "too_many_rooms"


async def test_a_flood_of_calls_and_a_large_one_end_the_socket(shop: Shop) -> None:
    async with opened(shop.url, None, None, None) as (hasty, flooding, large):
        for _ in range(60):
            await hasty.client.emit("subscribe", {"catalog": True})
        await asyncio.wait_for(hasty.ended.wait(), 10)
        assert (await hasty.get("closing"))[0]["code"] == "rate_limited"
        for _ in range(1_000):  # who does not stop may be cut off before the word is read: TCP resets such a line
            if flooding.ended.is_set():
                break
            await flooding.client.emit("subscribe", {"catalog": True})
            await asyncio.sleep(0)
        await asyncio.wait_for(flooding.ended.wait(), 10)
        await large.client.emit("subscribe", {"product_ids": ["x" * 100_000]})
        await asyncio.wait_for(large.ended.wait(), 10)


@pytest.mark.parametrize("frame", ["", "x", "9", "4{", '42["subscribe"', "451-[", b"\x00"])
async def test_a_packet_out_of_order_ends_nothing_but_its_socket(shop: Shop, frame: Any) -> None:
    address = f"{shop.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as line:
        await line.send_str("40")
        await (line.send_bytes(frame) if isinstance(frame, bytes) else line.send_str(frame))
        for _ in range(3):
            await line.receive(timeout=10)
            if line.closed:
                break
    async with opened(shop.url, None) as (socket,):
        assert (await socket.subscribe(catalog=True))["ok"]


def test_who_pings_and_never_reads_is_cut_off_and_costs_no_memory(shop: Shop) -> None:
    """Answers to pings are limited by no bucket: a client that does not take them must not make them pile up."""
    host, port = shop.url.removeprefix("http://").split(":")
    ping = b"\x89\xfd" + bytes(4) + bytes(125)  # masked with zeros
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((host, int(port)))
        line.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
            % (host.encode(), port.encode(), base64.b64encode(b"sixteen bytes ok"))
        )
        assert line.recv(12) == b"HTTP/1.1 101"
        pid = shop.demo.worker_serving(line.getsockname()[1])
        assert pid is not None
        before = psutil.Process(pid).memory_info().rss
        line.settimeout(10)
        with pytest.raises(OSError):  # reset, long before all of it is sent
            for _ in range(1000):
                line.sendall(ping * 500)
        assert psutil.Process(pid).memory_info().rss - before < 64 * 2**20
    ok(shop.anonymous.get("/readyz"))


async def test_ten_thousand_calls_to_subscribe_are_refused_and_leave_the_memory_flat(shop: Shop) -> None:
    """Each client is cut off at its limit; another one comes and does the same."""
    packet = "420" + json.dumps(["subscribe", {"product_ids": ["x" * 40]}])
    workers = [psutil.Process(pid) for pid in await call(shop.demo.worker_pids)]
    sent, told, clients, memory = 0, 0, 0, list[int]()
    async with aiohttp.ClientSession() as http:
        while sent < CALLS:
            if not memory and sent >= CALLS // 5:  # what is made once is there
                memory.append(sum(worker.memory_info().rss for worker in workers))
            async with http.ws_connect(f"{shop.url}/socket.io/?EIO=4&transport=websocket") as line:
                with contextlib.suppress(OSError):  # cut off in the middle of a call
                    await line.send_str("40")
                    for _ in range(CALLS_OF_ONE):
                        await line.send_str(packet)
                        sent += 1
                heard = [message.data async for message in line]
                told += any("rate_limited" in str(data) for data in heard)
                assert sum(str(data).startswith("430") for data in heard) <= CALLS_OF_ONE // 2
                clients += 1
    memory.append(sum(worker.memory_info().rss for worker in workers))
    assert told, f"none of {clients} clients was told why"
    assert memory[1] - memory[0] < 8 * 2**20, [size // 2**20 for size in memory]
