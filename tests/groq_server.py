"""A server that speaks Groq's protocol over a socket: for tests, benches, and the eye.

    with GroqServer(latency=0.4, requests_per_minute=30) as server:
        ...                                   # GROQ_BASE_URL is server.url
        server.script("500", None, "hang")    # the next call fails, the one after does not, ...
        server.script("refusal", when=lambda call: "red shoe" in call.text, times=None)
        assert server.over_limit == 0 and server.requests[0].image_count == 3

It runs on a thread of its own; `GroqProcess` is the same in a process of its own. By hand:

    python -m tests.groq_server --port 9090 [--latency 0.4] [--rpm 30] [--fault 429 --every 10]
    GROQ_API_KEY=any GROQ_BASE_URL=http://127.0.0.1:9090 make run

Beside the protocol it answers GET /_state (what it counted) and POST /_script
(`{"faults": ["500", null], "text": "shoe", "times": 1}`; `{"clear": true}` forgets all).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.groq_protocol.calls import Call, ServedModel
from tests.groq_protocol.completions import Completions
from tests.groq_protocol.faults import NAMES, Fault
from tests.groq_protocol.http import serve_connection

__all__ = ["MODELS", "Call", "Fault", "GroqProcess", "GroqServer", "ServedModel"]

ROOT = Path(__file__).parents[1]
START_SECONDS = 30
MODELS = (
    ServedModel("qwen/qwen3.8-27b", images_per_call=3, reasoning=True),
    ServedModel("qwen/qwen3.6-27b", images_per_call=5, reasoning=True),
    ServedModel("openai/gpt-oss-120b", strict=True, reasoning=True),
    ServedModel("openai/gpt-oss-20b", strict=True, reasoning=True),
    ServedModel("groq/compound", json_schema=False, web_search=True),
    ServedModel("groq/compound-mini", json_schema=False, web_search=True),
    ServedModel("llama-3.3-70b-versatile", retired=True),
    ServedModel("meta-llama/llama-4-scout-17b-16e-instruct", images_per_call=5, retired=True),
)


@dataclass
class _Script:
    """Faults to come, for calls that meet the condition; `times` None repeats for ever."""

    faults: list[Fault | None]
    when: Callable[[Call], bool] | None
    times: int | None
    position: int = 0

    def next_for(self, call: Call) -> tuple[bool, Fault | None]:
        """Whether the call is this script's, and what is to happen to it."""
        if self.spent or (self.when is not None and not self.when(call)):
            return False, None
        fault = self.faults[self.position % len(self.faults)]
        self.position += 1
        return True, fault

    @property
    def spent(self) -> bool:
        return self.times is not None and self.position >= self.times * len(self.faults)


class GroqServer:
    """`latency`: seconds until a whole answer; `first_token`: until a stream's first piece (the
    latency if not given), then `tokens_per_second` (None: at once), `answer_tokens` in all.

    Limits are for each model, in sliding windows of `minute` seconds; None is no limit. Calls over
    one are answered 429 and counted in `over_limit`. `api_key` None takes any key. `unsure` is the
    share of nullable values of an answer that are null. With `clock` each piece of streamed prose is
    the time at which it is sent.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        first_token: float | None = None,
        tokens_per_second: float | None = None,
        answer_tokens: int = 60,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        requests_per_day: int | None = None,
        headers_say_minute: bool = False,
        minute: float = 60.0,
        models: Iterable[ServedModel] = MODELS,
        api_key: str | None = None,
        unsure: float = 0.0,
        keep_images: bool = True,
        clock: bool = False,
    ) -> None:
        self.latency = latency
        self.first_token = first_token
        self.tokens_per_second = tokens_per_second
        self.answer_tokens = answer_tokens
        self.requests_per_minute = requests_per_minute
        self.tokens_per_minute = tokens_per_minute
        self.requests_per_day = requests_per_day
        self.headers_say_minute = headers_say_minute
        self.minute = minute
        self.models = {model.id: model for model in models}
        self.api_key = api_key
        self.unsure = unsure
        self.keep_images = keep_images
        self.clock = clock
        self._port = port
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._scripts: list[_Script] = []
        self._concurrent = 0
        self.most_concurrent = 0
        self._completions = Completions(self)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="groq server", daemon=True)
        self._listening: Future[int] = Future()
        self._stop = asyncio.Event()

    # --- for tests --------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """What GROQ_BASE_URL is set to: the host, without the path that the SDK adds."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Call]:
        """All calls for a completion so far, in the order they came."""
        with self._lock:
            return list(self._calls)

    @property
    def over_limit(self) -> int:
        return sum(call.over_limit for call in self.requests)

    @property
    def concurrent(self) -> int:
        return self._concurrent

    def script(
        self,
        *faults: str | Fault | None,
        when: Callable[[Call], bool] | None = None,
        times: int | None = 1,
        **options: Any,
    ) -> None:
        """Let the next calls (that meet `when`) go wrong, one fault each; None lets one go well.

        `times` plays the list so often, None for ever. `options` are those of the faults by name.
        Scripts with a condition come before those without; else the earlier one comes first.
        """
        made = [Fault(one, options) if isinstance(one, str) else one for one in faults]
        with self._lock:
            self._scripts.append(_Script(made, when, times))
            self._scripts.sort(key=lambda script: script.when is None)

    def clear(self) -> None:
        """Forget scripts and calls."""
        with self._lock:
            self._scripts.clear()
            self._calls.clear()
            self.most_concurrent = self._concurrent

    # --- for the protocol -------------------------------------------------------------------------

    def record(self, call: Call) -> None:
        with self._lock:
            call.number = len(self._calls) + 1
            self._calls.append(call)

    def fault_for(self, call: Call) -> Fault | None:
        with self._lock:
            self._scripts = [script for script in self._scripts if not script.spent]
            for script in self._scripts:
                is_mine, fault = script.next_for(call)
                if is_mine:
                    return fault
        return None

    @contextlib.contextmanager
    def counted(self) -> Any:
        with self._lock:
            self._concurrent += 1
            self.most_concurrent = max(self.most_concurrent, self._concurrent)
        try:
            yield
        finally:
            with self._lock:
                self._concurrent -= 1

    def state(self) -> dict[str, Any]:
        calls = self.requests
        return {
            "requests": len(calls),
            "answered": sum(call.status == 200 for call in calls),
            "over_limit": sum(call.over_limit for call in calls),
            "cancelled": sum(call.cancelled for call in calls),
            "images": sum(call.image_count for call in calls),
            "tokens": sum(call.prompt_tokens + call.completion_tokens for call in calls),
            "concurrent": self._concurrent,
            "most_concurrent": self.most_concurrent,
            "times": [call.at for call in calls],
        }

    def script_from(self, wish: Mapping[str, Any]) -> None:
        """What POST /_script asks for."""
        if wish.get("clear"):
            self.clear()
        if faults := wish.get("faults"):
            text = wish.get("text")
            when = (lambda call: text in call.text) if text else None
            times = wish.get("times", 1)
            self.script(*faults, when=when, times=times, **wish.get("options", {}))

    # --- its thread -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = self._listening.result(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)

    def wait(self) -> None:
        """Until the thread ends, which it does not by itself."""
        while self._thread.is_alive():
            self._thread.join(1)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._listening.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            task.add_done_callback(connections.discard)
            with contextlib.suppress(asyncio.CancelledError):
                await serve_connection(reader, writer, self._completions.handle)

        server = await asyncio.start_server(connected, "127.0.0.1", self._port, backlog=512)
        self._listening.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await server.wait_closed()


class GroqProcess:
    """The same in a process of its own, so that it takes no time from who is measured.

    `options` are those of the command line: `latency=0.4, rpm=30`.
    """

    def __init__(self, **options: float | str | bool) -> None:
        words = []
        for name, value in options.items():
            words.append(f"--{name.replace('_', '-')}")
            words += [] if value is True else [str(value)]
        self._command = [sys.executable, "-m", "tests.groq_server", "--port", "0", *words]
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def state(self) -> dict[str, Any]:
        address = f"{self.url}/_state"
        with urllib.request.urlopen(address, timeout=START_SECONDS) as answer:  # noqa: S310
            return dict(json.load(answer))

    def script(self, *faults: str | None, **wish: Any) -> None:
        """As `GroqServer.script`, with `text` in place of a condition."""
        self._post({"faults": faults, **wish})

    def clear(self) -> None:
        self._post({"clear": True})

    def _post(self, wish: Mapping[str, Any]) -> None:
        request = urllib.request.Request(f"{self.url}/_script", json.dumps(wish).encode())  # noqa: S310 -- its own address
        with urllib.request.urlopen(request, timeout=START_SECONDS):  # noqa: S310
            pass


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.groq_server", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--latency", type=float, default=0.4, help="seconds a whole answer takes")
    parser.add_argument("--first-token", type=float, help="seconds until a stream's first piece")
    parser.add_argument("--tokens-per-second", type=float, default=60.0)
    parser.add_argument("--answer-tokens", type=int, default=200)
    parser.add_argument("--rpm", type=int, help="requests a minute")
    parser.add_argument("--tpm", type=int, help="tokens a minute")
    parser.add_argument("--rpd", type=int, help="requests a day")
    parser.add_argument("--headers-say-minute", action="store_true")
    parser.add_argument("--api-key", help="the only key that is taken; else any is")
    parser.add_argument("--unsure", type=float, default=0.15, help="share of values left open")
    parser.add_argument("--clock", action="store_true", help="stream the time instead of prose")
    parser.add_argument("--fault", choices=NAMES, help="what goes wrong")
    parser.add_argument("--every", type=int, default=1, help="with every so manieth call")
    words = parser.parse_args()
    server = GroqServer(
        port=words.port,
        latency=words.latency,
        first_token=words.first_token,
        tokens_per_second=words.tokens_per_second,
        answer_tokens=words.answer_tokens,
        clock=words.clock,
        requests_per_minute=words.rpm,
        tokens_per_minute=words.tpm,
        requests_per_day=words.rpd,
        headers_say_minute=words.headers_say_minute,
        api_key=words.api_key,
        unsure=words.unsure,
        keep_images=False,
    )
    if words.fault:
        server.script(*[None] * (words.every - 1), words.fault, times=None)
    with server, contextlib.suppress(KeyboardInterrupt):
        print("listening at", server.url, flush=True)  # noqa: T201 -- it is a command
        server.wait()


if __name__ == "__main__":
    main()
