"""Makes the file calls of one process fail: rules for tests/fault_shim, whose README.md has their format.

    shim = FaultShim(tmp_path)
    user.daemon_env = shim.env            # hfgetd alone, never the command line
    user.start_daemon()
    shim.set("pwrite .partial ENOSPC")    # at once, the daemon runs on
    shim.clear()
"""

import os
import pathlib
import typing

from e2e_world import BUILD

# Never one that is sanitized itself: it is loaded into programs that are not.
LIBRARY = pathlib.Path(os.environ.get("HFGET_FAULT_SHIM", BUILD / "tests/libhfget_fault_shim.so"))


class Call(typing.NamedTuple):
    """One line of the log."""

    rule: int  # the line of its rule, from 1
    struck: bool
    name: str
    path: str
    other: str  # the second path of a rename, the target of a symlink


class FaultShim:
    """One rules file and one log."""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.rules, self.log = folder / "fault.rules", folder / "fault.log"
        self._versions = 0
        self.env = {"LD_PRELOAD": str(LIBRARY), "HFGET_FAULT_RULES": str(self.rules), "HFGET_FAULT_LOG": str(self.log)}
        assert LIBRARY.exists(), f"{LIBRARY} is not built: cmake --build --preset release --target hfget_fault_shim"

    def set(self, *rules: str) -> None:
        """These rules and no others from now on; their counters begin anew. The padding makes every version another file to the
        shim, however coarse the clock of the file system is."""
        self._versions += 1
        new = self.rules.with_suffix(f".{self._versions}")
        new.write_text("\n".join([*rules, "#" * (self._versions % 1000), ""]))
        os.replace(new, self.rules)

    def clear(self) -> None:
        self.set()

    def calls(self) -> list[Call]:
        """What the rules have spoken of since forget()."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        parts = [(line.split(" ") + ["", ""])[1:6] for line in lines]
        return [Call(int(rule), struck == "struck", name, path, other) for rule, struck, name, path, other in parts]

    def forget(self) -> None:
        if self.log.exists():
            os.truncate(self.log, 0)  # it is open in append mode
