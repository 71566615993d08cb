"""Streams made in a thread of their own."""

from __future__ import annotations

import threading

import pytest
from django.test import AsyncRequestFactory, RequestFactory

from prodintel.lib.streams import from_thread, streamed


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


def test_each_kind_of_server_gets_the_stream_that_it_can_send():
    blocks = iter([b"x"])
    assert streamed(RequestFactory().get("/"), blocks) is blocks
    assert hasattr(streamed(AsyncRequestFactory().get("/"), blocks), "__aiter__")
