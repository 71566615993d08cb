"""Streams made in a thread of their own."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from prodintel.lib import streams
from prodintel.lib.streams import from_thread, streamed, taken_whole


@pytest.mark.asyncio
async def test_blocks_are_made_in_one_thread_that_is_not_the_loop_s():
    def blocks():
        for _ in range(5):
            yield threading.get_ident()

    threads = {each async for each in from_thread(blocks())}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


@pytest.mark.asyncio
async def test_what_makes_the_blocks_is_closed_when_nobody_reads_on():
    closed = threading.Event()

    def blocks():
        try:
            while True:
                yield b"x"
        finally:
            closed.set()

    stream = from_thread(blocks())
    assert await anext(stream) == b"x"
    await stream.aclose()
    assert closed.wait(10)


@pytest.mark.asyncio
async def test_connection_is_given_back_while_nobody_asks_for_more(monkeypatch):
    given_back = threading.Event()
    monkeypatch.setattr(streams, "IDLE_SECONDS", 0)
    monkeypatch.setattr(streams, "close_old_connections", given_back.set)
    stream = from_thread(iter([b"x"]))
    await anext(stream)
    assert await asyncio.to_thread(given_back.wait, 10)
    await stream.aclose()


def test_who_takes_all_of_it_is_not_spoken_of():
    said: list[int] = []
    assert list(taken_whole(iter([b"ab", b"c"]), said.append)) == [b"ab", b"c"]
    assert said == []


def test_how_much_was_taken_is_told_of_who_stops():
    said: list[int] = []
    pieces = taken_whole(iter([b"ab", b"c", b"d"]), said.append)
    next(pieces)
    next(pieces)
    pieces.close()
    assert said == [3]


def test_how_much_was_taken_is_told_where_it_breaks_off():
    def broken():
        yield b"ab"
        raise OSError

    said: list[int] = []
    with pytest.raises(OSError):
        list(taken_whole(broken(), said.append))
    assert said == [2]


def test_each_kind_of_server_gets_the_stream_that_it_can_send():
    blocks = iter([b"x"])
    assert streamed(RequestFactory().get("/"), blocks) is blocks
    assert hasattr(streamed(AsyncRequestFactory().get("/"), blocks), "__aiter__")
