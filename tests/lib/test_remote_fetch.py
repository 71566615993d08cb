"""Whatever a server does, a fetch ends: with the file, or with what was wrong."""

from __future__ import annotations

import gzip
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from prodintel.lib import public_hosts, remote_fetch
from prodintel.lib.remote_fetch import Fetched, FetchFailed, fetch, post
from tests.lib.raw_server import RawServer, read_request, response, serving

KILOBYTE = 1024


@pytest.fixture
def own_certificate(tmp_path):
    """The files of a certificate for 127.0.0.1 that is signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def got(
    server: RawServer, path: str = "/a.jpg", *, timeout: float = 10, secure=False, **options
) -> Fetched:
    return fetch(
        server.address(path).replace("http", "https" if secure else "http", 1),
        max_bytes=options.pop("max_bytes", 64 * KILOBYTE),
        timeout=timeout,
        allowed=[server.host],
        **options,
    )


def failure(server: RawServer, path: str = "/a.jpg", **options) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        got(server, path, **options)
    return caught.value


def test_file_comes_with_its_name_and_type():
    with serving(response(b"bytes", "Content-Type: image/jpeg; q=1")) as server:
        found = got(server, "/shop/red%20mug.jpg?v=1", accept="image/*")
    assert found == Fetched(
        b"bytes", "red mug.jpg", "image/jpeg", server.address("/shop/red%20mug.jpg?v=1")
    )
    (request,) = server.requests
    assert f"Host: {server.host}\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request
    assert "Accept: image/*\r\n" in request


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('attachment; filename="a b.png"', "a b.png"),
        ("attachment; filename*=UTF-8''m%C3%BCtze.png", "mütze.png"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\evil\x01.png"', "evil.png"),
        ("attachment; filename*=idna''m%C3%BC.png", "a.jpg"),
        ("attachment; filename*=undefined''m.png", "a.jpg"),
        (f"attachment; filename*{'9' * 5000}*=a", "a.jpg"),
    ],
)
def test_name_is_taken_from_the_server_and_cleaned(said, name):
    with serving(response(b"x", f"Content-Disposition: {said}".replace("\x01", "\t"))) as server:
        assert got(server).name == name


def test_redirect_is_followed():
    with serving(
        response(b"", "Location: /b.jpg", status="302 Found"), response(b"there")
    ) as server:
        found = got(server)
    assert (found.data, found.address) == (b"there", server.address("/b.jpg"))


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:8081/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "//localhost/",
    ],
)
def test_redirect_to_a_private_host_is_not_followed(target):
    with serving(response(b"", f"Location: {target}", status="301 Moved")) as server:
        error = failure(server)
    assert error.permanent
    assert "not a host of the open internet" in error.message


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.com/", "http://u:p@example.com/", "http://[::1"]
)
def test_redirect_to_what_is_not_fetched_is_not_followed(target):
    with serving(response(b"", f"Location: {target}", status="307 Temporary")) as server:
        assert failure(server).permanent


def test_redirect_without_an_address_is_refused():
    with serving(response(b"", status="302 Found")) as server:
        assert failure(server).permanent


def test_redirects_that_go_round_in_circles_end():
    with serving(response(b"", "Location: /a.jpg", status="302 Found")) as server:
        error = failure(server)
    assert error.permanent
    assert len(server.requests) == remote_fetch.MAX_REDIRECTS + 1


def test_server_that_never_answers_is_given_up():
    with serving(lambda _connection, server: server.ended.wait(20)) as server:
        error = failure(server, timeout=0.3)
    assert not error.permanent
    assert "too long" in error.message


def drip(head: bytes, piece: bytes):
    """Sends `head`, and then a piece again and again, so that no single read takes long."""

    def answer(connection, server):
        read_request(connection)
        connection.sendall(head)
        while not server.ended.is_set():
            connection.sendall(piece)
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (response(length=9999), b"x"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_server_that_drips_is_given_up_in_time(head, piece):
    with serving(drip(head, piece)) as server:
        error = failure(server, timeout=0.5)
    assert not error.permanent
    assert "too long" in error.message


def flood(head: bytes, piece: bytes):
    def answer(connection, server):
        read_request(connection)
        connection.sendall(head)
        while not server.ended.is_set():
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("head", "piece", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * KILOBYTE, "larger than"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * KILOBYTE, "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100, "speaks no HTTP"),
        (b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 100, "without end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1;" + b"e" * KILOBYTE + b"\r\nx\r\n",
            "without end",
        ),
    ],
)
def test_answer_without_end_is_cut_off(monkeypatch, head, piece, words):
    monkeypatch.setattr(remote_fetch, "ROOM_BYTES", 64 * KILOBYTE)
    with serving(flood(head, piece)) as server:
        assert words in failure(server, timeout=30).message


def test_file_that_is_announced_as_too_large_is_not_read():
    with serving(response(b"", length=10**9)) as server:
        error = failure(server)
    assert error.permanent
    assert "larger than 0.0625 MB" in error.message


@pytest.mark.parametrize(("size", "fits"), [(KILOBYTE, True), (KILOBYTE + 1, False)])
def test_file_of_unknown_length_is_bounded(size, fits):
    with serving(response(b"x" * size, length=-1)) as server:
        if fits:
            assert len(got(server, max_bytes=KILOBYTE).data) == size
        else:
            assert failure(server, max_bytes=KILOBYTE).permanent


def test_file_that_is_shorter_than_announced_is_tried_again():
    with serving(response(b"half", length=8)) as server:
        assert not failure(server).permanent


def test_bytes_past_the_announced_length_are_not_taken():
    with serving(response(b"bytes and more", length=5)) as server:
        assert got(server).data == b"bytes"


def test_compressed_answer_is_refused():
    bomb = gzip.compress(b"\0" * 10_000_000)
    with serving(response(bomb, "Content-Encoding: gzip")) as server:
        error = failure(server)
    assert error.permanent
    assert "compressed" in error.message


def test_web_page_is_no_photo():
    with serving(response(b"<html>", "Content-Type: text/html; charset=utf-8")) as server:
        assert "web page" in failure(server, accept="image/*").message
        assert got(server).content_type == "text/html"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        ("404 Not Found", True),
        ("403 Forbidden", True),
        ("206 Partial Content", True),
        ("429 Too Many Requests", False),
        ("503 Service Unavailable", False),
        ("999 Odd", True),
    ],
)
def test_status_tells_whether_trying_again_is_of_use(status, permanent):
    with serving(response(b"", status=status)) as server:
        error = failure(server)
    assert error.permanent is permanent
    assert status.split()[0] in error.message


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"\0" * 500, b"HTTP/1.1 two\r\n\r\n"]
)
def test_what_is_no_web_server_is_said(said):
    with serving(said) as server:
        assert not failure(server).permanent


def test_closed_port_is_said():
    with serving(b"") as server:
        pass
    assert "cannot be reached" in failure(server).message


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a.jpg",
        "ftp://example.com/a.jpg",
        "file:///etc/passwd",
        "http://",
        "http://user@example.com/a.jpg",
        "http://user:secret@example.com/a.jpg",
        "http://example.com:22/a.jpg",
        "http://example.com:99999/a.jpg",
        "http://exa mple.com/a.jpg",
        "http://example.com/\nHost: evil",
        "http://[fe80::1%25eth0]/a.jpg",
        "https://" + "a" * 3000,
    ],
)
def test_what_is_no_address_to_fetch_is_refused_without_asking_anybody(address, monkeypatch):
    monkeypatch.delattr(public_hosts, "_look_up")
    with pytest.raises(FetchFailed) as caught:
        fetch(address, max_bytes=1, timeout=1)
    assert caught.value.permanent


def test_private_host_is_refused_unless_the_operator_allows_it(settings):
    with serving(response(b"bytes")) as server:
        with pytest.raises(FetchFailed, match="FETCH_ALLOWED_HOSTS"):
            fetch(server.address(), max_bytes=9, timeout=5)
        settings.FETCH_ALLOWED_HOSTS = [server.host]
        assert fetch(server.address(), max_bytes=9, timeout=5).data == b"bytes"


def test_name_is_looked_up_once_and_that_address_is_connected_to(monkeypatch):
    asked: list[str] = []

    def look_up(host: str, *_: object) -> list[str]:
        asked.append(host)
        # Another answer than the first would lead elsewhere.
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    monkeypatch.setattr(public_hosts, "_look_up", look_up)
    with serving(response(b"bytes")) as server:
        address = f"http://shop.example:{server.port}/a.jpg"
        found = fetch(address, max_bytes=9, timeout=5, allowed=["shop.example"])
    assert found.data == b"bytes"
    assert asked == ["shop.example"]
    assert f"Host: shop.example:{server.port}\r\n" in server.requests[0]


def test_international_name_is_asked_for_as_it_is_registered(monkeypatch):
    monkeypatch.setattr(public_hosts, "_look_up", lambda *_: ["127.0.0.1"])
    with serving(response(b"bytes")) as server:
        address = f"http://Bücher.example:{server.port}/ä b.jpg"
        fetch(address, max_bytes=9, timeout=5, allowed=["xn--bcher-kva.example"])
    assert server.requests[0].startswith("GET /%C3%A4%20b.jpg HTTP/1.1\r\n")
    assert "Host: xn--bcher-kva.example" in server.requests[0]


def test_address_without_a_scheme_is_asked_for_by_https(monkeypatch):
    asked: list[int] = []

    def look_up(_host: str, port: int, _timeout: float) -> list[str]:
        asked.append(port)
        return ["10.0.0.1"]

    monkeypatch.setattr(public_hosts, "_look_up", look_up)
    with pytest.raises(FetchFailed):
        fetch("//cdn.example/a.jpg", max_bytes=9, timeout=5)
    assert asked == [443]


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(response(b"bytes")) as server:
        assert got(server).data == b"bytes"


def test_certificate_that_nobody_vouches_for_is_refused(own_certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own_certificate)

    def answer(connection, _server):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(100)

    with serving(answer) as server:
        error = failure(server, secure=True)
    assert error.permanent
    assert "certificate" in error.message


def test_handshake_that_never_ends_is_given_up():
    with serving(lambda _connection, server: server.ended.wait(20)) as server:
        error = failure(server, secure=True, timeout=0.3)
    assert not error.permanent


def test_post_sends_the_body_and_gives_the_answer():
    with serving(response(b"taken", status="202 Accepted")) as server:
        answer = post(
            server.address("/hook"),
            body=b"{}",
            headers={"Content-Type": "application/json", "X-Signature": "abc"},
            timeout=5,
            allowed=[server.host],
        )
    assert (answer.status, answer.text) == (202, "taken")
    (request,) = server.requests
    assert request.startswith("POST /hook HTTP/1.1\r\n")
    assert "X-Signature: abc\r\n" in request
    assert request.endswith("\r\n\r\n{}")


def test_post_follows_no_redirect_and_reads_the_beginning_of_an_answer_alone():
    long = b"x" * (remote_fetch.ANSWER_BYTES * 2)
    with serving(response(long, "Location: http://127.0.0.1:1/", status="302 Found")) as server:
        answer = post(server.address(), body=b"", headers={}, timeout=5, allowed=[server.host])
    assert (answer.status, len(answer.text)) == (302, remote_fetch.ANSWER_BYTES)
    assert len(server.requests) == 1
