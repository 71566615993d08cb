"""The web server as it runs: Daphne in a process of its own, spoken to over a socket."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.processes.conftest import PATIENCE, ROOT

LIMIT = 200_000
# As many as the site sends.
PIECES = 2000
BOUNDARY = "frontier"


class Site:
    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.small_site", str(LIMIT), *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def request(self, method: str, path: str, **options) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, **options)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def number(self, path: str) -> int:
        return int(self.request("GET", path)[1])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.end()


@pytest.fixture
def impatient() -> Iterator[Site]:
    """A site that gives clients up after a fifth of a second."""
    running = Site("0.2")
    yield running
    running.end()


def read_answer(connection: socket.socket) -> tuple[int, str, bytes]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.headers["content-type"], response.read()


def test_body_within_the_limit_arrives_whole(site):
    assert site.request("POST", "/", body=b"x" * LIMIT) == (200, str(LIMIT).encode())


def test_form_is_handed_on_unread(site):
    body = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--broken'.encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = site.request("POST", "/", body=body, headers=headers)
    assert answer == (200, str(len(body)).encode())


def test_declared_length_over_the_limit_is_refused_before_the_body_is_sent(site):
    with site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n")
        status, content_type, body = read_answer(connection)
    assert (status, content_type) == (413, "text/plain; charset=utf-8")
    assert b"larger than" in body
    assert site.number("/stored") == 0


def test_api_is_refused_in_its_own_error_format(site):
    with site.connect() as connection:
        connection.sendall(
            b"POST /api/v1/catalogs?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n"
        )
        status, content_type, body = read_answer(connection)
    assert (status, content_type) == (413, "application/json")
    assert json.loads(body)["error"]["code"] == "too_large"


def test_client_that_asks_first_is_told_no(site):
    with site.connect() as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert read_answer(connection)[0] == 413


def test_chunked_body_is_refused_once_it_passes_the_limit_and_no_more_is_kept(site):
    chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
    with site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        # Ten times the limit: what follows the refusal is read and thrown away.
        for _ in range(10 * LIMIT // 0x2000):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection)[0] == 413
    assert 0 < site.number("/stored") <= LIMIT


def test_refused_connection_takes_no_second_request(site):
    with site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200001\r\n\r\n")
        assert read_answer(connection)[0] == 413
        connection.sendall(b"x" * 200_001 + b"GET /stored HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1000) == b""


def test_answer_in_pieces_is_made_no_faster_than_it_is_taken(site):
    with site.connect() as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        # What the kernel holds for a client that does not read is a few megabytes.
        assert site.number("/made") < PIECES // 2
        assert len(response.read()) == PIECES * 65_536
    assert site.process.stdout.readline() == "sent\n"


def test_client_that_goes_in_the_middle_of_an_answer_ends_it(site):
    with site.connect() as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1)
    assert site.process.stdout.readline() == "gone\n"
    assert site.number("/made") < PIECES // 2


def test_client_that_takes_nothing_of_its_answer_is_given_up(impatient):
    with impatient.connect() as connection:
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        assert "client given up" in impatient.process.stdout.readline()
        assert impatient.process.stdout.readline() == "gone\n"


def test_request_in_flight_is_answered_before_the_server_stops(site):
    with site.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert site.process.stdout.readline() == "slow\n"
        site.process.send_signal(signal.SIGTERM)
        site.process.stdin.close()
        assert read_answer(connection)[0] == 200
    assert site.process.wait(PATIENCE) == 0


def test_idle_connection_does_not_keep_the_server_from_stopping(site):
    with site.connect():
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(PATIENCE) == 0


def test_error_inside_the_protocol_is_logged_and_ends_its_connection_alone(site):
    with site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nbreak")
        assert connection.recv(1000) == b""
    assert site.request("POST", "/", body=b"fine")[0] == 200
    site.process.send_signal(signal.SIGTERM)
    assert "RuntimeError: the protocol broke" in site.process.stderr.read()
