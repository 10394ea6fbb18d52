"""What is checked when a model is opened: each fault is one sentence that names the setting."""

from __future__ import annotations

import socket

import pytest

from docqa.errors import ModelError
from docqa.llm.openai.model import OpenAIModel
from docqa.settings import Settings
from ingest.errors import SettingsError
from tests.docqa.llm.openai.conftest import Open
from tests.servers.openai import ModelServer, Reply, error, says


def test_the_only_model_is_taken_when_none_is_named(opened: Open) -> None:
    assert opened().name == "m"


def test_several_models_are_listed_with_the_setting_that_chooses(server: ModelServer, opened: Open) -> None:
    server.models = ["small", "large"]
    with pytest.raises(SettingsError, match=r"small, large.*DOCQA_LLM_MODEL"):
        opened()


def test_a_server_without_models_needs_a_name(server: ModelServer, opened: Open) -> None:
    server.models = []
    with pytest.raises(SettingsError, match=r"lists no model.*DOCQA_LLM_MODEL"):
        opened()


def test_a_server_without_a_list_is_asked_for_one_token(server: ModelServer, opened: Open) -> None:
    server.models = error(404)
    assert opened(llm_model="mine").name == "mine"
    assert server.bodies[0]["max_tokens"] == 1


def test_an_address_where_nothing_is_known_is_told(server: ModelServer, opened: Open) -> None:
    server.models = server.otherwise = error(404, "Not Found")
    with pytest.raises(SettingsError, match=r"'mine' or the address.*DOCQA_LLM_MODEL and DOCQA_LLM_BASE_URL"):
        opened(llm_model="mine")


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_an_address_of_something_else_is_told(server: ModelServer, opened: Open, kind: str) -> None:
    server.models = Reply([b"<html>Welcome</html>"], kind=kind)
    with pytest.raises(ModelError, match=r"another language than OpenAI's API: check DOCQA_LLM_BASE_URL"):
        opened()


def test_a_key_that_is_refused_only_in_chats_is_told(server: ModelServer, opened: Open) -> None:
    server.models, server.otherwise = error(404), error(401)
    with pytest.raises(ModelError, match="DOCQA_LLM_API_KEY"):
        opened(llm_model="mine")


def test_a_model_that_is_not_listed_is_tried_with_one_token(server: ModelServer, opened: Open) -> None:
    server.script(says("a"))
    assert opened(llm_model="other").name == "other"
    assert server.bodies[0]["max_tokens"] == 1


@pytest.mark.parametrize(
    "refusal",
    [error(404, "model 'gpt-9' not found"), error(400, "The model `gpt-9` does not exist", code="model_not_found")],
)
def test_an_unknown_model_is_told_with_those_that_are_there(server: ModelServer, opened: Open, refusal: object) -> None:
    server.otherwise = refusal  # type: ignore[assignment]
    with pytest.raises(SettingsError, match=r"no model 'gpt-9' but m: check DOCQA_LLM_MODEL"):
        opened(llm_model="gpt-9")


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_told_and_not_shown(server: ModelServer, opened: Open, status: int) -> None:
    server.models = error(status, "Incorrect API key provided: sk-secret.")
    with pytest.raises(ModelError, match="DOCQA_LLM_API_KEY") as told:
        opened(llm_api_key="sk-secret")
    assert "sk-secret" not in str(told.value)


def test_no_server_at_the_address_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ModelError, match=r"No server answers at .*refused.*DOCQA_LLM_BASE_URL"):
            OpenAIModel(Settings(llm="openai", llm_base_url=url))


def test_a_server_that_still_loads_its_model_is_waited_for(server: ModelServer, opened: Open) -> None:
    server.models = error(503, "Loading model")
    with pytest.raises(ModelError, match="503: Loading model"):
        opened(llm_retries=1)


def test_openais_own_server_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="DOCQA_LLM_API_KEY is empty"):
        OpenAIModel(Settings(llm="openai"))


def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(ModelError) as told:
        OpenAIModel(Settings(llm="openai", llm_base_url="http://ada:secret@127.0.0.1:9/v1"))
    assert "secret" not in str(told.value)
