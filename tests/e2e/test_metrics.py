"""The metrics port end to end: what Prometheus reads during and after a real pull, what it may not read, and who cannot hold it up."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from e2e_world import ROOT, Hfget, wait_for
from fault_shim import FaultShim

MIB = 1 << 20
GRAFANA = ROOT / "cli/integrations/grafana"
needs_prometheus = pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool (Debian: prometheus)")


def get(port: int, path: str = "/metrics", timeout: float = 30) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def port_of(user: Hfget) -> int:
    return int(re.findall(r"metrics are on \S+ \(port (\d+)\)", user.log())[-1])


def promtool(*arguments, text: str = "") -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0 and "error" not in done.stderr.lower(), done.stdout + done.stderr


class Figures:
    """One scrape: series and families."""

    def __init__(self, text: str):
        self.text = text
        self.samples: dict[tuple[str, frozenset], float] = {}
        self.labels: dict[str, set[str]] = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
            pairs = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
            assert (name, pairs) not in self.samples, line
            self.samples[name, pairs] = float(value)
            self.labels.setdefault(name, set()).update(key for key, _ in pairs)

    def sum(self, name: str, **labels) -> float:
        found = [value for (n, pairs), value in self.samples.items() if n == name and labels.items() <= dict(pairs).items()]
        assert found, f"no {name} {labels}"
        return sum(found)


def figures(port: int) -> Figures:
    status, text = get(port)
    assert status == 200, text
    return Figures(text)


@pytest.fixture
def metered(world, hub):
    """A user whose daemon has a metrics port; its number."""

    def start(*flags, **options):
        user = world(**options).start_daemon("--metrics", "127.0.0.1:0", *flags)
        return user, port_of(user)

    return start


# --- what is told


@needs_prometheus
def test_what_prometheus_reads_before_during_and_after_a_pull(metered, hub):
    user, port = metered()
    before = figures(port)
    promtool("check", "metrics", text=before.text)
    assert before.sum("hfget_received_bytes_total") == 0 and before.sum("hfget_source_state", source="official") == 1
    for source in hub.sources:
        hub.rate(source, 4 * MIB)
    pull = user.run("pull", "demo/big", "--detach").stdout.strip()
    during = wait_for(lambda: (f := figures(port)).sum("hfget_source_rate_bytes_per_second") > MIB and f, what="a rate")
    promtool("check", "metrics", text=during.text)
    assert during.sum("hfget_pulls", state="fetching") == 1 and during.sum("hfget_pulls") == 1
    assert during.sum("hfget_source_connections") > 0 and during.sum("hfget_open_files") > 0
    assert 0 < during.sum("hfget_buffer_pool_used_bytes") <= during.sum("hfget_buffer_pool_size_bytes")
    wait_for(lambda: figures(port).sum("hfget_checkpoint_lag_seconds") > 0, what="a checkpoint lag")
    for source in hub.sources:
        hub.rate(source, 0)
    assert user.run("watch", pull).returncode == 0
    time.sleep(0.2)  # figures are not asked for more often than ten times a second
    after = figures(port)
    promtool("check", "metrics", text=after.text)
    told = user.pulls()[0]
    assert after.sum("hfget_received_bytes_total") == told["fetched_bytes"]
    for share in told["sources"]:
        assert after.sum("hfget_received_bytes_total", source=share["name"]) == share["bytes"], share
    assert after.sum("hfget_wasted_bytes_total") == told["wasted_bytes"]
    assert after.sum("hfget_published_bytes_total") == told["total_bytes"]
    assert after.sum("hfget_published_files_total") == told["total_files"] == after.sum("hfget_verify_duration_seconds_count")
    assert after.sum("hfget_pulls", state="done") == after.sum("hfget_pulls_ended_total", state="done") == 1
    assert after.sum("hfget_pulls_accepted_total") == 1 and after.sum("hfget_pulls_failed_total") == 0
    assert after.sum("hfget_source_state", state="ok") >= 1
    assert after.sum("hfget_checkpoint_lag_seconds") == 0 and after.sum("hfget_open_files") == 0
    assert after.sum("hfget_store_write_duration_seconds_count") > 0
    for key, value in during.samples.items():  # counters never fall
        if key[0].endswith(("_total", "_bucket", "_count", "_sum")):
            assert after.samples[key] >= value, key


def test_retries_are_told_by_cause_and_source(metered, hub):
    user, port = metered()
    hub.fault("official", "reset", after_bytes=200_000, times=3)
    user.pull("demo/big")
    time.sleep(0.2)
    found = figures(port)
    assert found.sum("hfget_range_retries_total", source="official", cause="reset") >= 1
    assert found.sum("hfget_source_failures_total", source="official", cause="reset") >= 1
    assert found.sum("hfget_range_retries_total", cause="tls") == 0  # there, so that its first step is seen


def test_nothing_names_a_repo_a_pull_or_a_token(metered, hub):
    user, port = metered()
    token = hub.tokens["alice"]
    user.pull("demo/private", env={"HF_TOKEN": token})
    assert user.run("pull", "demo/not-there-at-all").returncode == 3
    time.sleep(0.2)
    found = figures(port)
    assert found.sum("hfget_pulls_failed_total", cause="not_found") == 1
    for secret in ("demo", "private", "not-there", "hf_", token, "://", "X-Amz", str(user.root), *(p["id"] for p in user.pulls())):
        assert secret not in found.text, secret
    labels = set().union(*found.labels.values())
    assert labels == {"source", "state", "cause", "version", "le"}


# --- the port


def test_there_is_no_port_unless_it_is_asked_for(user):
    assert "metrics" not in user.log()
    listening = [line.split() for line in open(f"/proc/{user.process.pid}/net/tcp").read().splitlines()[1:] if line.split()[3] == "0A"]
    mine = {os.readlink(f"/proc/{user.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{user.process.pid}/fd")}
    assert not [line for line in listening if f"socket:[{line[9]}]" in mine]


def test_the_configuration_asks_for_it_too_and_loopback_is_no_warning(world):
    user = world(config='[metrics]\nlisten = "127.0.0.1:0"\n').start_daemon()
    assert get(port_of(user), "/healthz") == (200, "ok\n")
    assert get(port_of(user), "/")[0] == 404
    assert "whoever reaches" not in user.log()


def test_an_address_that_others_reach_is_warned_of(world):
    user = world().start_daemon("--metrics", "0.0.0.0:0")
    assert re.search(r"W whoever reaches 0\.0\.0\.0 can read the metrics", user.log())
    assert get(port_of(user))[0] == 200


@pytest.mark.parametrize("address, code, words", [
    ("9464", 2, "is not an address for metrics: write HOST:PORT"),
    ("127.0.0.1:99999", 2, "is not an address for metrics"),
    ("192.0.2.1:9464", 1, "cannot listen on 192.0.2.1:9464: Cannot assign requested address"),
    ("taken", 1, "Address already in use: choose another address"),
])  # fmt: skip
def test_an_address_that_cannot_be_used_is_said_in_one_line(world, address, code, words):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}" if address == "taken" else address
        user = world().start_daemon("--metrics", address, may_die=True)
        assert user.process.wait(10) == code
    complaints = [line for line in user.log().splitlines() if line.startswith("hfgetd: ")]
    assert len(complaints) == 1 and words in complaints[0], user.log()


def test_a_crowd_of_slow_clients_holds_nobody_up(metered):
    user, port = metered()
    crowd = []
    for i in range(64):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /metrics HTTP/1.1\r\nX: " if i % 2 else b"")
        crowd.append(client)
    begun = time.monotonic()
    user.pull("demo/tiny-gpt2")  # the engine knows nothing of them
    assert time.monotonic() - begun < 10
    threads = len(os.listdir(f"/proc/{user.process.pid}/task"))
    assert get(port, timeout=60)[0] == 200  # after those that came first were let go: 5 s without a byte
    assert len(os.listdir(f"/proc/{user.process.pid}/task")) <= threads
    begun = time.monotonic()
    assert user.stop_daemon() == 0
    assert time.monotonic() - begun < 4
    for client in crowd:
        client.close()


def test_the_port_is_unhealthy_while_the_daemon_drains_and_closes_with_it(world, hub, tmp_path):
    for source in hub.sources:
        hub.rate(source, 4 * MIB)
    shim = FaultShim(tmp_path / "shim")
    user = world()
    user.daemon_env = shim.env
    user.start_daemon("--metrics", "127.0.0.1:0")
    port = port_of(user)
    user.run("pull", "demo/big", "--detach")
    wait_for(lambda: figures(port).sum("hfget_received_bytes_total") > 8 * MIB, what="bytes")
    assert get(port, "/healthz")[0] == 200
    shim.set("fdatasync .hfget delay-1500")  # of the last checkpoint
    user.process.send_signal(signal.SIGTERM)
    seen = []

    def closed() -> bool:
        try:
            seen.append(get(port, "/healthz"))
            return False
        except (ConnectionError, urllib.error.URLError):
            return True

    wait_for(closed, what="the end of the port")
    assert user.process.wait(10) == 0
    assert (503, "the daemon is shutting down\n") in seen, seen
    assert seen[-1][0] == 503


# --- the dashboard


def queries() -> list[str]:
    board = json.loads((GRAFANA / "hfget.json").read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    return found + [note["expr"] for note in board["annotations"]["list"] if "expr" in note]


def test_every_query_of_the_dashboard_names_what_the_daemon_exports(metered, hub):
    user, port = metered()
    user.pull("demo/tiny-gpt2")
    exported = figures(port).labels
    assert len(queries()) > 40
    for query in queries():
        names = set(re.findall(r"hfget_\w+", query))
        assert names and names <= set(exported), f"{names - set(exported)} in {query}"
        labels = set().union(*(exported[name] for name in names)) | {"instance"}
        used = {word for group in re.findall(r"by \(([^)]*)\)", query) for word in group.replace(" ", "").split(",")}
        used |= set(re.findall(r'(\w+)(?:=~|!~|!=|=)"', query))
        assert used <= labels, f"{used - labels} in {query}"
    shown = set(re.findall(r"hfget_\w+", " ".join(queries())))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported}
    assert families == {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}, "a metric that nobody looks at"


@needs_prometheus
def test_every_query_of_the_dashboard_runs_in_a_prometheus_that_scrapes_the_daemon(metered, hub, tmp_path):
    user, port = metered()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        own = s.getsockname()[1]
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
                      + (GRAFANA / "scrape.yml").read_text().replace("127.0.0.1:9464", f"127.0.0.1:{port}"))  # fmt: skip
    promtool("check", "config", GRAFANA / "scrape.yml")
    promtool("check", "config", config)
    log = open(tmp_path / "prometheus.log", "wb")
    server = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                               f"--web.listen-address=127.0.0.1:{own}"], stdout=log, stderr=log)  # fmt: skip

    def ask(query: str) -> dict:
        text = query.replace("$__rate_interval", "5s").replace("$instance", ".*")
        status, answer = get(own, "/api/v1/query?" + urllib.parse.urlencode({"query": text}))
        assert status == 200, f"{query}: {answer}"
        return json.loads(answer)["data"]["result"]

    def ready() -> bool:
        try:
            return bool(ask("hfget_build_info"))
        except (ConnectionError, urllib.error.URLError, AssertionError):
            return False

    try:
        wait_for(ready, 60, what="Prometheus")
        for source in hub.sources:
            hub.rate(source, 16 * MIB)
        user.pull("demo/big")
        wait_for(lambda: ask("increase(hfget_published_bytes_total[1h]) > 0"), what="the pull's end in Prometheus")
        for query in queries():
            # Those that show only what is there may show nothing.
            assert ask(query) or query.endswith("> 0"), query
        assert ask("max(rate(hfget_received_bytes_total[5s]))")
    finally:
        server.kill()
        server.wait()
        log.close()
