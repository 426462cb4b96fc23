"""How long each thread of a process was held up in one system call, seen from outside, from /proc/PID/task/*/syscall and schedstat.

A thread is held up while it stays in one system call other than poll or epoll and its count of time slices stands still: it waits in the
kernel for a disk, a lock, a page, the DNS. Time that it was ready and had no core is taken off, because that is the machine's load and not its
doing; the kernel books it when the thread runs again. Not seen: long computing, and what is over between two looks. Root only.
"""

import collections
import pathlib
import threading
import time

WAITING = {"7", "232", "271", "281", "441"}  # poll, epoll_wait, ppoll, epoll_pwait, epoll_pwait2 on x86-64
EVERY_S = 0.002


class ThreadWatch:
    """Watches the threads that poll, from construction to stop(). Figures are by thread id, as text."""

    def __init__(self, pid: int):
        self.task = pathlib.Path(f"/proc/{pid}/task")
        self.polls: collections.Counter = collections.Counter()  # how often a thread was seen waiting for events
        self.blocked_s: dict[str, float] = {}  # the longest
        self.where: dict[str, str] = {}
        self.longest_gap_s = 0.0  # between two looks at the same threads: what is shorter may have been missed
        self._held: dict[str, tuple] = {}  # thread -> (call, slices, ready_s, since, until)
        self._turn = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._end.wait(EVERY_S):
            try:
                threads = self._threads()
            except OSError:  # the process has ended
                return
            for thread in threads:
                try:
                    self._look(thread)
                except OSError:
                    continue
            now = time.monotonic()
            last, self.longest_gap_s = now, max(self.longest_gap_s, now - last)

    def _threads(self) -> list[str]:
        """Those that poll; the others are looked at now and then, in case that they begin to."""
        self._turn += 1
        if self._turn % 50 == 1:
            return [path.name for path in self.task.iterdir()]
        return list(self.polls)

    def _look(self, thread: str) -> None:
        call = (self.task / thread / "syscall").read_text().split()[0]
        _, ready_ns, slices = map(int, (self.task / thread / "schedstat").read_text().split())
        now = time.monotonic()
        if call in WAITING:
            self.polls[thread] += 1
        held = self._held.get(thread)
        if held and held[:2] == (call, slices) and call not in WAITING and call != "running":
            self._held[thread] = (*held[:4], now)
            return
        if held and held[4] > held[3]:  # it went on since the last look
            blocked = held[4] - held[3] - max(0.0, ready_ns / 1e9 - held[2])
            if blocked > self.blocked_s.get(thread, 0.0):
                self.blocked_s[thread], self.where[thread] = blocked, f"system call {held[0]}"
        self._held[thread] = (call, slices, ready_ns / 1e9, now, now)

    def stop(self) -> "ThreadWatch":
        self._end.set()
        self._thread.join()
        return self
