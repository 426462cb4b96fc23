"""Fixtures of the crash tests: one hub for all, with the repos that they pull."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import pytest  # noqa: E402
from crash_world import SPEC, CrashUser  # noqa: E402
from e2e_world import DemoHub, hub  # noqa: E402, F401


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory):
    with DemoHub(live=True, modelscope=True, spec=SPEC, content_cache=tmp_path_factory.mktemp("content")) as hub:
        yield hub


@pytest.fixture
def user(hub, tmp_path):
    user = CrashUser(tmp_path / "user", hub)
    yield user
    user.close()
