"""Fixtures for every test of this folder."""

from e2e_world import hub, shared_hub, user, world  # noqa: F401
