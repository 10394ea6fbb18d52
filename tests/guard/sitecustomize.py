"""Python imports this in every child process of the tests, since they have this folder on ``PYTHONPATH``."""

import loopback  # noqa: F401
