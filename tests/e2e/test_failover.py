"""The official hub is blocked as routes are blocked: the listing comes from a mirror, soon, and says so."""

import contextlib
import json
import socket
import struct
import subprocess
import threading
import time

import pytest
from e2e_world import assert_complete, listing

MIB = 1 << 20


@contextlib.contextmanager
def silent():
    """A port on which no connection is ever made: SYNs into a full backlog are dropped."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        time.sleep(0.1)
        yield "http://127.0.0.1:%d" % server.getsockname()[1]


@contextlib.contextmanager
def answering(answer):
    """A port that does `answer` to each connection."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def reset(connection):
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def no_tls(connection):
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.close()


@contextlib.contextmanager
def blocked(how):
    if how == "connect time-out":
        with silent() as endpoint:
            yield endpoint
    elif how == "reset":
        with answering(reset) as port:
            yield f"http://127.0.0.1:{port}"
    else:
        with answering(no_tls) as port:
            yield f"https://127.0.0.1:{port}"


def first_byte_and_end(user, *arguments):
    """Seconds from the command to the first byte that was fetched, and to the end; the last snapshot."""
    began = time.monotonic()
    command = user.command("pull", "--json", "--detach", *arguments)
    started = json.loads(subprocess.run(command, env=user.env, check=True, capture_output=True, text=True).stdout)
    watch = subprocess.Popen(user.command("watch", "--json", started["id"]), env=user.env, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    first = None
    for line in watch.stdout:
        pull = json.loads(line)
        if first is None and pull["fetched_bytes"] > 0:
            first = time.monotonic() - began
    assert watch.wait(10) == 0
    return first, time.monotonic() - began, pull


@pytest.mark.parametrize("how", ["connect time-out", "reset", "TLS failure"])
def test_a_blocked_official_hub(world, hub, how):
    rows = listing(hub, "demo/big")
    mirrors = ["tuna", "pai", "hf-mirror"]
    for mirror in mirrors:
        hub.rate(mirror, 8 * MIB)
    with blocked(how) as endpoint:
        user = world(sources=mirrors, config="")
        text = user.config.read_text().replace("sources = [", 'sources = ["official", ', 1)
        user.config.write_text(f'{text}\n[source.official]\nendpoint = "{endpoint}"\n')
        user.start_daemon()
        first, _, pull = first_byte_and_end(user, "demo/big")
    assert first < 3
    assert pull["listing_source"] in mirrors
    assert any("official" in notice for notice in pull["notices"])
    assert_complete(user.cache / "models--demo--big/snapshots" / pull["commit"], rows)


def test_authority_official_refuses_a_mirrors_listing(world, hub):
    with answering(reset) as port:
        user = world(sources=["tuna", "pai"])
        text = user.config.read_text().replace("sources = [", 'sources = ["official", ', 1)
        user.config.write_text(f'{text}\n[source.official]\nendpoint = "http://127.0.0.1:{port}"\n')
        user.start_daemon()
        done = user.run("pull", "--authority", "official", "demo/tiny-gpt2")
    assert done.returncode == 5
    assert "official" in done.stderr
