"""What streaming costs: python -m tests.bench stream[:RUNS[:relay,campaign,crowd]]

A language model's server stands beside (`tests.groq_server --clock`, in a process of its own): each
token that it streams is the time at which it is sent, so that whoever reads it knows how old it is.

- Relay: one run at 450 tokens a second, 0.25 s to the first; how old tokens are when a browser
  (real Chromium) has them on its page.
- Campaign: the five channels of an ad campaign against the slowest of them.
- Crowd: 200 runs at 20 tokens a second, each followed by a socket, on one web process: whether each
  is told in order and to its end, how old the newest token of each message is, memory.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.bench import site
from tests.groq_server import GroqProcess

RUNS = 200
FIRST_TOKEN, FAST, SLOW = 0.25, 450.0, 20.0
TOKENS_RELAYED, TOKENS_CROWD = 900, 400
TIME = re.compile(r"\b(1[0-9]{9}\.[0-9]{4})\b")
NUMBER = re.compile(r'id="run-number" value="([0-9]+)"')
# Notes when each token is on the page, by the browser's own clock.
OBSERVER = """
() => {
  window.seen = new Map();
  const look = () => {
    const now = performance.timeOrigin + performance.now();
    const text = document.getElementById("run-result").textContent;
    for (const [time] of text.matchAll(/\\b1[0-9]{9}\\.[0-9]{4}\\b/g)) {
      if (!window.seen.has(time)) window.seen.set(time, now);
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
}
"""


def main(runs: int, parts: str) -> None:
    folder = site.set_up()
    os.environ |= {"GROQ_API_KEY": "bench", "LLM_REQUESTS_PER_MINUTE": "100000"}
    try:
        catalog, token = site.make_catalog()
        products = _make_products(catalog, runs)
        print(f"{os.cpu_count()} cores")
        if "relay" in parts:
            with _model(FAST, TOKENS_RELAYED, clock=True) as server, _web(server):
                _relay(token, products[0])
        if "campaign" in parts:
            with _model(FAST) as server, _web(server):
                _campaign(token, products[0])
        if "crowd" in parts:
            with _model(SLOW, TOKENS_CROWD, clock=True) as server, _web(server) as web:
                _crowd(token, products, web.pid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _model(tokens_per_second: float, tokens: int = 200, **options: Any) -> GroqProcess:
    return GroqProcess(
        first_token=FIRST_TOKEN,
        tokens_per_second=tokens_per_second,
        answer_tokens=tokens,
        **options,
    )


def _make_products(catalog: Any, count: int) -> list[int]:
    from catalog.services.products import product_create

    return [
        product_create(catalog=catalog, actor=None, photos=[], title=f"Mug {number}").product.pk
        for number in range(count)
    ]


class _web:  # noqa: N801 -- reads as the context manager it is
    """The web process, with the model's server that it is to ask."""

    def __init__(self, server: GroqProcess) -> None:
        os.environ["GROQ_BASE_URL"] = server.url
        self._process = site.process("web")

    def __enter__(self) -> Any:
        web = self._process.__enter__()
        site.wait_for_web()
        return web

    def __exit__(self, *error: object) -> None:
        self._process.__exit__(*error)


def _start(client: site.Client, product: int, tool: str, options: dict[str, Any]) -> int:
    status, run = client.send(
        "POST", f"/api/v1/products/{product}/runs", {"tool": tool, "options": options}
    )
    assert status == 202, run
    return int(run["id"])


def _finished(client: site.Client, run: int) -> dict[str, Any]:
    while True:
        _, found = client.get(f"/api/v1/runs/{run}")
        if found["state"] not in {"queued", "running"}:
            return dict(found)
        time.sleep(0.2)


def _session() -> tuple[str, str]:
    """A logged-in session's cookie: name and value."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    user = User.objects.get(username="bench")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return settings.SESSION_COOKIE_NAME, session.session_key


def _relay(token: str, product: int) -> None:
    from playwright.sync_api import sync_playwright

    client = site.Client(token)
    name, value = _session()
    address = f"http://127.0.0.1:{os.environ['PORT']}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        run = _start(client, product, "question", {"question": "What is it made of?"})
        page.goto(f"{address}/c/bench/runs/{run}/")
        page.evaluate(OBSERVER)
        _finished(client, run)
        page.wait_for_timeout(1000)
        seen = page.evaluate("() => [...window.seen]")
        browser.close()
    # What was there when the page came was not relayed.
    first = min(at for _, at in seen)
    ages = [at / 1000 - float(sent) for sent, at in seen if at > first]
    print(f"relay, token sent to token on the page: {site.percentiles(ages)} of {len(ages)} tokens")


def _campaign(token: str, product: int) -> None:
    client = site.Client(token)
    _finished(client, _start(client, product, "ad_campaign", {}))
    from tools.models import RunEvent

    run = _finished(client, _start(client, product, "ad_campaign", {}))
    began: dict[str, float] = {}
    ended: dict[str, float] = {}
    for event in RunEvent.objects.filter(run=run["id"]).order_by("number"):
        block = event.data.get("block") or event.data.get("id")
        if block and event.data.get("part", "result") == "result":
            began.setdefault(block, event.at.timestamp())
            ended[block] = event.at.timestamp()
    slowest = max(ended[block] - began[block] for block in began)
    whole = run["timings"]["total_ms"] / 1000
    print(
        f"campaign: {whole:.2f} s, its slowest channel {slowest:.2f} s, {whole / slowest:.2f} times"
    )


def _crowd(token: str, products: list[int], pid: int) -> None:
    client = site.Client(token)
    cookie = "=".join(_session())
    before = _memory(pid)
    runs = [
        _start(client, product, "question", {"question": "What is it made of?"})
        for product in products
    ]
    began = time.monotonic()
    heard = asyncio.run(_listen_to_all(runs, cookie))
    took = time.monotonic() - began
    ages = [age for one in heard for age in one["ages"]]
    print(
        f"crowd: {len(runs)} runs in {took:.0f} s, "
        f"{sum(one['ordered'] for one in heard)} told in order, "
        f"{sum(one['ended'] for one in heard)} to their end, "
        f"{sum(one['whole'] for one in heard)} with the whole text; "
        f"{sum(one['messages'] for one in heard)} messages"
    )
    print(f"crowd, newest token of a message when it arrives: {site.percentiles(ages)}")
    print(f"crowd, web process: {before} MB before, {_memory(pid)} MB after, peak {_peak(pid)} MB")


async def _listen_to_all(runs: list[int], cookie: str) -> list[dict[str, Any]]:
    return await asyncio.gather(*(_listen(run, cookie) for run in runs))


async def _listen(run: int, cookie: str) -> dict[str, Any]:
    """Follow a run's socket to its end."""
    numbers: list[int] = []
    ages: list[float] = []
    last = ""
    async for message in _messages(f"/ws/runs/{run}/?after=0", cookie):
        now = time.time()
        numbers += map(int, NUMBER.findall(message))
        times = TIME.findall(message)
        if times and 'data-state="done"' not in message:
            ages.append(now - float(times[-1]))
        last = message if times else last
    return {
        "ordered": numbers == sorted(set(numbers)),
        "ended": 'data-state="done"' in last,
        "whole": len(TIME.findall(last)) >= TOKENS_CROWD - 1,
        "messages": len(numbers),
        "ages": ages,
    }


async def _messages(path: str, cookie: str) -> AsyncIterator[str]:
    """The text messages of a websocket (RFC 6455), to its end."""
    port = int(os.environ["PORT"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head, head
    text, close = 1, 8
    while True:
        first, second = await reader.readexactly(2)
        size = second & 127
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await reader.readexactly(8))
        payload = await reader.readexactly(size)
        if first & 15 == close:
            writer.close()
            return
        if first & 15 == text:
            yield payload.decode()


def _memory(pid: int) -> int:
    return _status(pid, "VmRSS")


def _peak(pid: int) -> int:
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    """A figure of /proc in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    wanted = dict(enumerate(sys.argv[1:]))
    main(int(wanted.get(0, RUNS)), wanted.get(1, "relay,campaign,crowd"))
