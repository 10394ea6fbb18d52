"""The broker of the workers: a server that speaks Redis' protocol and hands messages to Celery's processes.

It is the server that ``DOCQA_BROKER_URL`` names, or a Valkey that docqa starts itself in the data folder
(``ingest.broker.valkey``). Messages are reminders: the catalog knows all the work, and sends again what a broker lost.
"""

from __future__ import annotations

from contextlib import closing

from ingest.broker.address import address_of, folder_of, socket_of
from ingest.broker.client import Broker
from ingest.broker.program import find_program
from ingest.broker.valkey import answers
from ingest.errors import DocqaError
from ingest.settings import Settings
from ingest.types import Health

__all__ = ["Broker", "broker_health", "broker_url", "open_broker"]


def broker_url(settings: Settings) -> str:
    """The broker's URL in the form that Celery takes, with the password.

    Raises:
        SettingsError: ``DOCQA_BROKER_URL`` cannot be read.
        BrokerError: there can be no socket for the server that docqa starts.
    """
    return address_of(settings).celery


def open_broker(settings: Settings) -> Broker:
    """The broker that the settings name. It is connected to with the first question.

    Raises:
        SettingsError: ``DOCQA_BROKER_URL`` cannot be read.
        BrokerError: there can be no socket for the server that docqa starts.
    """
    return Broker(address_of(settings))


def broker_health(settings: Settings) -> Health:
    """Whether the workers' broker can be used, or could be started where no worker has started it yet."""
    try:
        if not settings.broker_url and not answers(socket_of(settings)):
            find_program()
            return Health(True, f"No worker runs; 'docqa worker' starts a Valkey in {folder_of(settings)}.")
        with closing(open_broker(settings)) as broker:
            return broker.health()
    except DocqaError as error:
        return Health(False, str(error))
