"""Addresses that others wrote, asked safely: photos that a file names, webhooks.

Over http and https alone, to the very IP address that was checked, each redirect checked again,
without proxies, within a total time and size, and nothing compressed. The only user of httpcore.
"""

from __future__ import annotations

import email.message
import functools
import re
import ssl
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpcore
from django.conf import settings

from prodintel.lib.public_hosts import HostRefusedError, HostUnknownError, addresses_of, is_named

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
MAX_ADDRESS = 2000
PORTS = {80, 443}
FIRST_FREE_PORT, LAST_PORT = 1024, 65535
DEFAULT_PORTS = {"http": 80, "https": 443}
CONNECT_SECONDS = 10.0
# What surrounds a body: headers, and the lengths of its chunks.
ROOM_BYTES = 1024 * 1024
ANSWER_BYTES = 16 * 1024
MAX_NAME = 200
USER_AGENT = "Prodintel/1"
_HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_REDIRECTS = {301, 302, 303, 307, 308}
_LATER = {408, 425, 429, 500, 502, 503, 504}
_PAGES = ("text/html", "application/xhtml+xml")


class FetchFailed(Exception):  # noqa: N818 -- the state of the call is the name
    """Nothing came of it; the message is for people. `permanent`: trying again is of no use."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent


@dataclass(frozen=True)
class Fetched:
    """What an address gave: `address` is where the redirects ended, `name` the file's, cleaned."""

    data: bytes
    name: str
    content_type: str
    address: str


@dataclass(frozen=True)
class Answer:
    """What a server said to a post; `text` is the beginning."""

    status: int
    text: str


def fetch(
    address: str,
    *,
    max_bytes: int,
    timeout: float,
    accept: str | None = None,
    allowed: Collection[str] | None = None,
) -> Fetched:
    """The file at an address, within `timeout` seconds all in all.

    `accept` is the media type that is wanted, such as "image/*": a web page in its place is refused.
    `allowed` are private hosts that may be asked, FETCH_ALLOWED_HOSTS if not given. Raises FetchFailed.
    """
    deadline = time.monotonic() + timeout
    headers = {"Accept": accept or "*/*"}
    url = _url(address)
    for _ in range(MAX_REDIRECTS + 1):
        with _exchange("GET", url, headers, None, deadline, max_bytes, allowed) as response:
            if response.status in _REDIRECTS:
                url = _redirected(url, response)
                continue
            _check_status(url, response)
            return _taken(url, response, max_bytes, accept)
    raise FetchFailed(
        f"{url.host} redirects more than {MAX_REDIRECTS} times. Use the file's own address.",
        permanent=True,
    )


def post(
    address: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    allowed: Collection[str] | None = None,
) -> Answer:
    """Send `body`; whatever the server answers is an answer, redirects too, which are not followed.

    Raises FetchFailed where none came within `timeout` seconds all in all.
    """
    deadline = time.monotonic() + timeout
    url = _url(address)
    with _exchange("POST", url, headers, body, deadline, ANSWER_BYTES, allowed) as response:
        text = b"".join(_pieces(response, ANSWER_BYTES))[:ANSWER_BYTES]
        return Answer(response.status, text.decode("utf-8", "replace"))


def _url(address: str) -> httpx.URL:
    """The address taken apart. Raises FetchFailed for one that is never asked."""
    import httpx

    text = address.strip()
    if text.startswith("//"):
        text = f"https:{text}"
    if len(text) > MAX_ADDRESS:
        message = f"An address may have {MAX_ADDRESS} characters at most."
        raise FetchFailed(message, permanent=True)
    try:
        url = httpx.URL(text)
        # What is written as an international name is asked for as it is registered.
        host = url.raw_host
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(
            "This is no web address. Write it as https://...", permanent=True
        ) from error
    if url.scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        message = "Only addresses that begin with http:// or https:// and a host are fetched."
        raise FetchFailed(message, permanent=True)
    if url.userinfo:
        message = "Addresses with a user name or password in them are not fetched."
        raise FetchFailed(message, permanent=True)
    return url


def _redirected(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    import httpx

    target = _header(response, b"location")
    if not target:
        raise FetchFailed(f"{url.host} redirects to nowhere.", permanent=True)
    try:
        return _url(str(url.join(target)))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(f"{url.host} redirects to what is no address.", permanent=True) from error


@contextmanager
def _exchange(
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    body: bytes | None,
    deadline: float,
    max_bytes: int,
    allowed: Collection[str] | None,
) -> Iterator[httpcore.Response]:
    """The response to one request, its body still to be read. Raises FetchFailed, also in the block."""
    port = url.port or DEFAULT_PORTS[url.scheme]
    host = url.raw_host.decode("ascii").lower()
    named = settings.FETCH_ALLOWED_HOSTS if allowed is None else allowed
    usual = port in PORTS or FIRST_FREE_PORT <= port <= LAST_PORT
    if not usual and not is_named(host, port, named):
        raise FetchFailed(f"Port {port} is not one that files are fetched from.", permanent=True)
    with _told(url.host):
        addresses = addresses_of(host, port, timeout=_left(deadline), allowed=named)
        backend = _CheckedBackend(addresses, deadline, max_bytes * 2 + ROOM_BYTES)
        sent = {"Host": url.netloc.decode("ascii"), "User-Agent": USER_AGENT, **headers}
        # Compressed, a few bytes could be gigabytes.
        sent |= {"Accept-Encoding": "identity", "Connection": "close"}
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=url.raw_scheme, host=host, port=port, target=url.raw_path),
            headers=[
                *sent.items(),
                *([("Content-Length", str(len(body)))] if body is not None else []),
            ],
            content=body,
        )
        with httpcore.ConnectionPool(
            ssl_context=_trusted(), network_backend=backend, max_connections=1
        ) as pool:
            response = pool.handle_request(request)
            try:
                yield response
            finally:
                response.close()


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed. Read once: that takes longer than most fetches."""
    import httpx

    return httpx.create_ssl_context()


@contextmanager
def _told(host: str) -> Iterator[None]:
    """What goes wrong underway, in words."""
    try:
        yield
    except HostRefusedError as error:
        message = (
            f"{host} is not a host of the open internet. Whoever runs this site may allow it by "
            "FETCH_ALLOWED_HOSTS."
        )
        raise FetchFailed(message, permanent=True) from error
    except HostUnknownError as error:
        message = f"There is no host named {host}. Check the address."
        if not error.permanent:
            message = f"The name {host} cannot be looked up just now."
        raise FetchFailed(message, permanent=error.permanent) from error
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise FetchFailed(f"{host} takes too long to answer.", permanent=False) from error
    except httpcore.ConnectError as error:
        if isinstance(_root(error), ssl.SSLCertVerificationError):
            message = f"The certificate of {host} is not valid, so that nobody knows who answers."
            raise FetchFailed(message, permanent=True) from error
        raise FetchFailed(f"{host} cannot be reached.", permanent=False) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        message = f"The connection to {host} ended in the middle, or it speaks no HTTP."
        raise FetchFailed(message, permanent=False) from error


def _root(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def _left(deadline: float) -> float:
    """Seconds until then. Raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever the name leads to by now."""

    def __init__(self, addresses: list[str], deadline: float, max_bytes: int) -> None:
        self._addresses, self._deadline, self._max_bytes = addresses, deadline, max_bytes
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = TimeoutError(host)
        for address in self._addresses:
            seconds = min(_left(self._deadline), CONNECT_SECONDS)
            try:
                stream = self._sockets.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream, self._deadline, self._max_bytes)
        del timeout
        raise failure


class _BoundedStream(httpcore.NetworkStream):
    """A connection that ends at `deadline`, and after `max_bytes` were read."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float, max_bytes: int) -> None:
        self._stream, self._deadline, self._bytes_left = stream, deadline, max_bytes

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        data = self._stream.read(max_bytes, _left(self._deadline))
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise FetchFailed("The server sends without end.", permanent=True)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _BoundedStream(stream, self._deadline, self._bytes_left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _header(response: httpcore.Response, name: bytes) -> str:
    values = [value for key, value in response.headers if key.lower() == name]
    return values[0].decode("latin-1").strip() if values else ""


def _check_status(url: httpx.URL, response: httpcore.Response) -> None:
    status = response.status
    if status == HTTPStatus.OK:
        return
    try:
        said = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        said = str(status)
    raise FetchFailed(f"{url.host} answers: {said}.", permanent=status not in _LATER)


def _taken(
    url: httpx.URL, response: httpcore.Response, max_bytes: int, accept: str | None
) -> Fetched:
    content_type = _header(response, b"content-type").partition(";")[0].strip().lower()
    if accept and content_type in _PAGES and not any(page in accept for page in _PAGES):
        message = f"{url.host} gives a web page and no file. Use the file's own address."
        raise FetchFailed(message, permanent=True)
    if _header(response, b"content-encoding").lower() not in ("", "identity"):
        message = f"{url.host} sends the file compressed, which was not asked for."
        raise FetchFailed(message, permanent=True)
    length = _header(response, b"content-length")
    too_large = FetchFailed(f"The file is larger than {max_bytes / 1024**2:g} MB.", permanent=True)
    if length.isdigit() and int(length) > max_bytes:
        raise too_large
    data = b"".join(_pieces(response, max_bytes))
    if len(data) > max_bytes:
        raise too_large
    return Fetched(data, _name(url, response), content_type, str(url))


def _pieces(response: httpcore.Response, max_bytes: int) -> Iterator[bytes]:
    """The body until it is more than `max_bytes`."""
    size = 0
    for piece in response.iter_stream():
        yield piece
        size += len(piece)
        if size > max_bytes:
            return


def _name(url: httpx.URL, response: httpcore.Response) -> str:
    """The file's name as the server gives it, or the last part of the address."""
    message = email.message.Message()
    message["Content-Disposition"] = _header(response, b"content-disposition")
    try:
        said = message.get_filename()
    except (ValueError, LookupError, TypeError):
        # Encodings and numbers of parts that there are not.
        said = None
    name = said or unquote(url.raw_path.decode("ascii").partition("?")[0])
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-MAX_NAME:]
