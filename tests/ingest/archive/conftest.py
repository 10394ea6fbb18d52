"""Failed assertions of the shared contract explain themselves like those of any test module."""

import pytest

pytest.register_assert_rewrite("tests.contracts.archive")
