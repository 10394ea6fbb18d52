"""What the catalog promises about jobs, as tests that each database inherits.

``JobsContract`` wants a fixture ``bench``: a catalog of a tenant of its own, see ``tests/ingest/catalog/jobbing.py``.
"""

from __future__ import annotations

from tests.contracts.jobs.deleting import DeletingContract
from tests.contracts.jobs.leasing import LeasingContract
from tests.contracts.jobs.living import LivingContract
from tests.contracts.jobs.sharing import SharingContract
from tests.contracts.jobs.steering import SteeringContract
from tests.contracts.jobs.striking import StrikingContract


class JobsContract(
    LivingContract, LeasingContract, StrikingContract, SteeringContract, SharingContract, DeletingContract
):
    """All of it."""
