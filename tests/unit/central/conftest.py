"""Fixtures of the coordinator's tests: a coordinator in memory with one booth."""

from __future__ import annotations

import pytest

from central.adapters.store import Store
from central.adapters.views import StoreViews
from tests.unit.central.booth import Booth, World, settings


@pytest.fixture
def world() -> World:
    return World(Store.memory(), settings("b1", "b2"))


@pytest.fixture
def booth() -> Booth:
    return Booth()


@pytest.fixture
def views(world: World) -> StoreViews:
    return StoreViews(world.store, lambda: world.wall)
