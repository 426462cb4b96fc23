"""What the bench works out without a net: ideals, tails, checks, its report, and that it takes down what it has started.

Run: /usr/bin/python3 -m pytest tests/bench/selftest.py
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import micro  # noqa: E402
import report  # noqa: E402
import world  # noqa: E402
from cases import CASES, small_files  # noqa: E402
from cases.entry import at_least, at_most, entry, ratio  # noqa: E402
from cases.shaped import Script, seconds_for  # noqa: E402
from cases.tail import tail_share  # noqa: E402
from thread_watch import ThreadWatch  # noqa: E402
from world import Contest, Measured, median, sha256, timed, wrong_file  # noqa: E402


def wait_until(condition, limit_s=5.0):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


# ideals


def test_an_even_rate_takes_size_by_rate():
    assert seconds_for(1000, lambda t: 100) == pytest.approx(10)


def test_a_rate_that_falls_counts_from_when_it_falls():
    assert seconds_for(1000, lambda t: 100 if t < 5 else 10) == pytest.approx(5 + 50, abs=0.01)


def test_nothing_takes_no_time():
    assert seconds_for(0, lambda t: 1) == 0


# tails


def run_of(*samples, wall_s=10.0):
    return Measured(wall_s, samples=list(samples))


def test_a_steady_run_has_a_tail_of_five_percent():
    assert tail_share(run_of(*((t / 10, t * 10) for t in range(101))), 1000) == pytest.approx(0.05)


def test_between_two_samples_bytes_come_evenly():
    assert tail_share(run_of((0.0, 0), (8.0, 900), (9.0, 1000)), 1000) == pytest.approx(1 - 8.5 / 10)


def test_what_comes_after_the_last_byte_is_of_the_tail():
    assert tail_share(run_of((0.0, 0), (5.0, 950), (6.0, 1000)), 1000) == pytest.approx(0.5)


def test_a_run_that_never_wrote_so_much_has_no_tail():
    assert tail_share(run_of((0.0, 0), (9.0, 949)), 1000) is None


# outputs and figures


def test_wrong_file_names_the_first_that_is_missing_or_other(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    files = {"a": sha256(tmp_path / "a"), "sub/b": "0" * 64}
    assert wrong_file(tmp_path, files) == "sub/b is missing"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b").write_bytes(b"b")
    assert wrong_file(tmp_path, files) == "sub/b has other bytes"
    assert wrong_file(tmp_path, {"a": files["a"]}) == ""


def test_a_median_is_of_what_is_there():
    assert median([3, None, 1, float("nan"), 2]) == 2
    assert median([None]) is None


def test_a_contestant_that_failed_has_no_figure_and_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(world, "RUNS", 2)
    contest = Contest(tmp_path, {"f": "0" * 64}).go({"gave up": lambda out: Measured(9.0, why="given up after 9 s"), "lies": lambda out: Measured(1.0)})
    assert contest.walls() == {"gave up": None, "lies": None}
    assert contest.note() == "gave up: given up after 9 s (2 of 2 runs); lies: f is missing (2 of 2 runs)"


def test_a_goal_without_a_figure_is_missed():
    assert at_most(0.9, 1)["met"] and not at_most(1.1, 1)["met"] and not at_most(None, 1)["met"]
    assert at_least(1.1, 1)["met"] and not at_least(0.9, 1)["met"] and not at_least(None, 1)["met"]
    assert ratio(None, 2) is None and ratio(1, None) is None and ratio(1, 2) == 0.5


def test_a_case_without_an_ideal_says_why():
    with pytest.raises(AssertionError):
        entry(1, None, {}, None, {})
    assert "no ideal: because" in entry(1, None, {}, None, {}, no_ideal="because")["note"]


class Log:
    """A hub whose official source was asked at these seconds."""

    def __init__(self, *ends, path="/bench/one/resolve/c/f"):
        self.rows = [(end, 200, 1, 0.0, "GET", path) for end in ends]

    def requests(self, name):
        assert name == "official"
        return self.rows


def test_requests_are_counted_in_the_busiest_window():
    window = small_files.WINDOW_S
    assert small_files.asked_of_official(Log()) == 0
    assert small_files.asked_of_official(Log(0, 1, window - 1)) == 3
    assert small_files.asked_of_official(Log(0, 1, window, window + 0.5)) == 3  # not the one at 0
    assert small_files.asked_of_official(Log(window + 5, 0, window + 6, window + 7)) == 3  # whatever their order
    assert small_files.asked_of_official(Log(1, 2, path="/api/models/bench/one/tree/c")) == 0


# the report


def test_the_page_shows_every_case_and_the_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "OUT", tmp_path)
    monkeypatch.setattr(report.peers, "versions", lambda: {"curl": "curl 7"})
    monkeypatch.setattr(report.peers, "missing", lambda: ["axel"])
    monkeypatch.setattr(report, "machine", lambda: {"cpu": "<cpu>", "cores": 2, "memory_gib": 8, "kernel": "6", "commit": "abc", "runs": 3})
    good = entry(2.0, 1.0, {"aria2c": 4.0, "axel": None}, 0.5, {"share": at_least(0.5, 0.4)}, notes=["axel: given up after 4 s"],
                 series={"unit": "MiB", "lines": {"hfget": [[0, 1], [1, 2]]}})  # fmt: skip
    report.add("B", {"title": "three <sources>", "goal": "≥ 40 %"} | good)
    report.add("A", {"title": "one", "goal": "fast", "ours": None, "ideal": None, "peers": {}, "ratio": None, "met": False, "note": "not run: no root"})
    report.add_micro([micro.row({"name": "Write/sync:1/iterations:10/process_time/real_time", "real_time": 2.0, "cpu_time": 1.0, "time_unit": "ms", "bytes_per_second": 1 << 30}),
                      micro.row({"name": "Race", "error_message": "no race"})])  # fmt: skip
    assert list(report.read()["cases"]) == ["A", "B"]
    page = (tmp_path / "report.html").read_text()
    for words in ("three &lt;sources&gt;", "&lt;cpu&gt;", "axel: given up after 4 s", "not run: no root", "left out, because it could not be installed: axel",
                  "<polyline", "Write/sync:1<", "1,024", "no race"):  # fmt: skip
        assert words in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")


def test_every_case_of_the_goals_is_there():
    assert [name for name in CASES if len(name) == 1] == list("ABCDEFGHIJK")
    assert all(case.TITLE and case.GOAL for case in CASES.values())


# processes


def test_a_peer_that_takes_too_long_is_given_up_with_its_children(tmp_path):
    measured = timed(f"sleep 60 & echo $! >{tmp_path}/pid; wait", home=tmp_path, ideal_s=0.1, patience=3)
    assert measured.why == "given up after 0 s, 3 × the ideal" and measured.wall_s < 2
    wait_until(lambda: gone(int((tmp_path / "pid").read_text())))


def test_a_peer_that_fails_says_how(tmp_path):
    assert timed("exit 3", home=tmp_path).why == "failed with exit code 3"
    assert timed("kill -PIPE $$", home=tmp_path).why == "killed by SIGPIPE"
    assert timed("true", home=tmp_path).ok


def test_what_happens_to_a_source_and_fails_fails_the_run():
    undone = []
    with pytest.raises(ZeroDivisionError), Script([(0, lambda: 1 / 0)], lambda: undone.append(True)).playing():
        time.sleep(0.1)
    assert undone


ENDLESS = """
import importlib.machinery, importlib.util, pathlib, sys, types
loader = importlib.machinery.SourceFileLoader("run", sys.argv[1])
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(run)
pids = sys.argv[2]
def endless(work):
    run.world.timed(f"sleep 60 & echo $$ $! >{pids}.new; mv {pids}.new {pids}; wait")
run.CASES["endless"] = types.SimpleNamespace(TITLE="endless", GOAL="none", run=endless)
sys.argv[1:] = ["endless"]
run.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_bench_and_all_that_it_has_started(tmp_path, number):
    (tmp_path / "hfgetd").touch()
    pids, out = tmp_path / "pids", tmp_path / "out"
    bench = subprocess.Popen([sys.executable, "-c", ENDLESS, str(BENCH / "run"), str(pids)], stderr=subprocess.DEVNULL,
                             env=os.environ | {"HFGET_BUILD": str(tmp_path), "HFGET_BENCH_OUT": str(out)})  # fmt: skip
    try:
        wait_until(pids.exists)
        bench.send_signal(number)
        assert bench.wait(10) == 128 + number
    finally:
        bench.kill()
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: gone(int(pid)))
    assert not [path for path in out.iterdir() if path.name.startswith("endless-")]


POLLS_THEN_WAITS = "import select, time\nfor _ in range(100): select.poll().poll(2)\ntime.sleep(0.15)\nfor _ in range(100): select.poll().poll(2)"


def test_a_thread_that_waits_elsewhere_than_in_poll_is_seen():
    child = subprocess.Popen([sys.executable, "-c", POLLS_THEN_WAITS])
    try:
        pathlib.Path(f"/proc/{child.pid}/syscall").read_text()
    except PermissionError:
        child.kill()
        pytest.skip("needs root, or ptrace of one's own children")
    watch = ThreadWatch(child.pid)
    child.wait()
    watch.stop()
    thread = str(child.pid)
    assert watch.polls[thread] > 5
    assert 0.05 < watch.blocked_s[thread] < 0.5
    assert watch.where[thread] in ("system call 230", "system call 35")  # clock_nanosleep, nanosleep
