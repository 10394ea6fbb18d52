"""What is checked when a model is opened: that a server answers, takes the key, and has the model."""

from __future__ import annotations

from docqa.errors import ModelError
from docqa.llm.openai.client import Client
from docqa.llm.openai.errors import Failed, Overflow, Refused, Unknown
from docqa.llm.openai.retrying import Deadline, pause
from docqa.settings import Settings
from ingest.errors import SettingsError

_PATIENCE = 60.0  # seconds for a server that has just been started and loads its model
_NAMED = 8  # models in a message


def model_name(client: Client, settings: Settings) -> str:
    """The id of the model that the settings mean.

    Raises:
        SettingsError: none is named and the server has several, or none; or the one that is named is not there.
        ModelError: the server does not answer or refuses the key.
    """
    models = _models(client, settings)
    if settings.llm_model:
        if settings.llm_model not in (models or ()):
            _check(client, settings, models)
        return settings.llm_model
    if models and len(models) == 1:
        return models[0]
    has = f"has several models ({_listed(models)})" if models else "lists no model"
    raise SettingsError(f"{client.server} {has}: name one in DOCQA_LLM_MODEL.")


def _models(client: Client, settings: Settings) -> list[str] | None:
    deadline = Deadline(_PATIENCE)
    for attempt in range(settings.llm_retries + 1):
        try:
            return client.models()
        except Failed as failure:
            if attempt == settings.llm_retries or not failure.reached:
                raise ModelError(str(failure)) from None
            deadline.sleep(pause(attempt, failure.pause), client.server, str(failure))
        except Refused:
            return None
    return None


def _check(client: Client, settings: Settings, models: list[str] | None) -> None:
    """Ask for one token of a model that the server does not list: some serve it all the same, under any name."""
    body = {"model": settings.llm_model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    try:
        for _ in client.chat(body, Deadline(_PATIENCE)):
            return
    except (Failed, Overflow):
        return  # it knows the model at least
    except Refused as refusal:
        if "max_tokens" in refusal.named or "model" not in refusal.named:
            return
    except Unknown as unknown:
        if not models:
            raise SettingsError(str(unknown)) from None
    raise SettingsError(
        f"{client.server} has no model '{settings.llm_model}' but {_listed(models or [])}: check DOCQA_LLM_MODEL."
    )


def _listed(models: list[str]) -> str:
    if not models:
        return "none that it lists"
    more = f" and {len(models) - _NAMED} more" if len(models) > _NAMED else ""
    return ", ".join(models[:_NAMED]) + more
