"""How the shop reaches one member of a set that asks for a user."""

import time

import pytest

from shardmart.adapters.mongo.members import MEMBER_SECONDS, describe_members, direct_uri
from tests.support.demo import free_port


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mongodb://a:1,b:2/?replicaSet=rs0", "mongodb://m:3/?directConnection=true"),
        ("mongodb://a:1", "mongodb://m:3/?directConnection=true"),
        (
            "mongodb://ada:s%40fe@a:1,b:2/?replicaSet=rs0&authSource=admin&readPreference=secondary",
            "mongodb://ada:s%40fe@m:3/?authSource=admin&directConnection=true",
        ),
        ("mongodb://ada:x@a:1/people", "mongodb://ada:x@m:3/people?directConnection=true"),
        (
            "mongodb+srv://ada:x@cluster.example/?tlsCAFile=/ca.pem",
            "mongodb://ada:x@m:3/?tls=true&tlsCAFile=%2Fca.pem&directConnection=true",
        ),
    ],
)
def test_one_member_is_asked_under_the_same_user_and_nothing_of_the_set(uri: str, expected: str) -> None:
    assert direct_uri(uri, "m:3") == expected


def test_what_is_no_connection_string_is_refused() -> None:
    with pytest.raises(ValueError):
        direct_uri("http://a", "m:3")


async def test_a_member_that_is_gone_is_known_to_be_down_at_once() -> None:
    host = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    _, (member,) = await describe_members({host: "rs0-1"}, "mongodb://127.0.0.1:1/?replicaSet=rs0")
    assert (member.node, member.state, member.lag_seconds) == ("rs0-1", "DOWN", None)
    assert time.monotonic() - began < MEMBER_SECONDS
