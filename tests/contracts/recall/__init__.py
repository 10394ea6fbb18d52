"""What recall storage promises, as tests that each way of keeping it inherits.

``RecallContract`` is for anything that is a ``Recall`` and wants a fixture ``recall``: an empty conversation.
``StoreContract`` is for what lasts, and wants a fixture ``settings`` of a user who has no conversations.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from docqa.memory.recall import Recall, open_recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.library import Library
from tests.contracts.recall.finding import FindingContract
from tests.contracts.recall.keeping import KeepingContract
from tests.contracts.recall.lasting import LastingContract
from tests.contracts.recall.meaning import MeaningContract
from tests.contracts.recall.owning import OwningContract
from tests.contracts.recall.sharing import SharingContract
from tests.contracts.recall.wording import WordingContract


class RecallContract(KeepingContract, FindingContract):
    """What one conversation promises, however it is kept."""


class StoreContract(RecallContract, LastingContract, WordingContract, MeaningContract, OwningContract, SharingContract):
    """All of it."""

    @pytest.fixture
    def store(self, settings: Settings) -> Iterator[Store]:
        with Library.open(settings) as library, open_recall(settings, library) as store:
            yield store

    @pytest.fixture
    def recall(self, store: Store) -> Recall:
        return store.conversation()
