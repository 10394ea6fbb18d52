"""Every test that is collected is run, also where several processes share them."""

from __future__ import annotations

import pytest

from tests.sharing import name_apart


def test_each_test_has_a_name_of_its_own(request: pytest.FixtureRequest) -> None:
    names = [item.nodeid for item in request.session.items]
    assert len(set(names)) == len(names)


def test_two_of_one_name_are_refused_since_one_alone_would_be_run(request: pytest.FixtureRequest) -> None:
    with pytest.raises(pytest.UsageError, match="one alone of them would be run"):
        name_apart([request.node, request.node])
