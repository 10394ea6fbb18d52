"""``docqa chat``: a conversation that is kept, by a scripted model and by the extractive reader."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docqa.cli.session import Session
from docqa.llm import Completion, Message
from docqa.llm.scripted import ScriptedModel, call
from docqa.memory.recall import open_recall
from docqa.memory.recall.sql import Store
from docqa.settings import Settings
from ingest.library import Library
from tests.docqa.cli.conftest import Docqa, Typed
from tests.docqa.shelf import Shelf, chunks
from tests.servers.openai import ModelServer, Reply, error

Play = Callable[..., ScriptedModel]
QUESTION = "Who opened the harbour of Ostervik?"
SEARCH = call("search_archive", query="harbour of Ostervik")
ANSWER = call("answer", text="Norda Shipyard.", citations=[{"chunk": "c1", "quote": "builder Norda Shipyard"}])
DONE = call("answer", text="It is not there.", not_found=True)


@pytest.fixture
def store() -> Iterator[Store]:
    """Recall storage of this test."""
    with Library.open(Settings()) as library, open_recall(Settings(), library) as opened:
        yield opened


def test_it_answers_line_by_line_and_ends_with_quit(typed: Typed, library: Path) -> None:
    ended = typed(QUESTION, "", "/sources", "/quit", "never asked", options=["--quiet"])
    assert ended.code == 0
    assert ended.out.count("[1] The harbour of Ostervik, page 1") == 2
    assert "never asked" not in ended.out


def test_a_conversation_is_listed_and_gone_on_with(typed: Typed, docqa: Docqa, library: Path, model: Play) -> None:
    model(SEARCH, ANSWER)
    typed(QUESTION)
    (row,) = docqa("chat", "--list", "--json").records
    assert (row["messages"], row["question"]) == (2, QUESTION)
    second = model(SEARCH, DONE)
    ended = typed("And who closed it?", options=["--resume"])
    assert f"Going on with conversation {row['id']}, last said on 20" in ended.err
    assert f"? {QUESTION}\n  Norda Shipyard." in ended.err
    assert QUESTION in " ".join(message.content for message in second.requests[0].messages)
    assert row["id"] in docqa("chat", "--list").out


def test_an_older_conversation_is_gone_on_with_by_its_id(typed: Typed, library: Path, store: Store) -> None:
    first, second = store.conversation(), store.conversation()
    first.add([Message("user", "What is red?")], spoken=True)
    second.add([Message("user", "What is blue?")], spoken=True)
    assert "? What is red?" in typed(options=["--conversation", first.conversation]).err
    assert "? What is blue?" in typed(options=["--resume"]).err


def test_an_unknown_conversation_is_one_sentence(typed: Typed, library: Path) -> None:
    ended = typed(options=["--conversation", "abcd-\x1befgh"])
    assert ended.code == 1
    assert (
        ended.err == "docqa: There is no conversation 'abcd- efgh'; 'docqa chat --list' shows those that there are.\n"
    )


def test_where_there_is_none_a_new_conversation_is_begun(typed: Typed, docqa: Docqa, library: Path) -> None:
    assert "There is no earlier conversation: this is a new one." in typed("/sources", options=["--resume"]).err
    assert docqa("chat", "--list").out == "There is no conversation yet.\n"


def test_a_list_makes_no_data_folder(docqa: Docqa, tmp_path: Path) -> None:
    assert docqa("chat", "--list").out == "There is no conversation yet.\n"
    assert not (tmp_path / "data").exists()


def test_new_begins_another_conversation(typed: Typed, docqa: Docqa, library: Path, model: Play) -> None:
    model(SEARCH, ANSWER, SEARCH, ANSWER)
    typed(QUESTION, "/new", "Who opened it?")
    assert [row["messages"] for row in docqa("chat", "--list", "--json").records] == [2, 2]


def test_an_error_is_a_sentence_and_the_chat_goes_on(typed: Typed, library: Path, model: Play, store: Store) -> None:
    model(SEARCH)  # and then the script is at its end
    ended = typed(QUESTION, "/evidence")
    assert ended.code == 0
    assert "The script has 1 completions and was asked for one more.\n" in ended.err
    assert "The last run has noted nothing yet." in ended.out
    assert [said.message.content for said in store.conversation(store.latest()).recent(9)] == [QUESTION]


def test_an_error_is_an_object_in_json(typed: Typed, library: Path, model: Play) -> None:
    model(SEARCH)
    records = typed(QUESTION, options=["--json", "--quiet"]).records
    assert [record["event"] for record in records] == ["begun", "error"]
    assert "one more" in records[1]["message"]


def test_ctrl_c_stops_the_answer_and_closes_what_the_model_sends(
    typed: Typed, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []

    class Interrupted(ScriptedModel):
        def complete(self, *given: object, **named: object) -> Iterator[Completion]:  # type: ignore[override]
            try:
                yield Completion()
                raise KeyboardInterrupt
            finally:
                closed.append(True)

    monkeypatch.setattr("docqa.llm.open_llm", lambda _settings: Interrupted([]))
    monkeypatch.setattr("docqa.agent.run.Run._act", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    ended = typed(QUESTION, "/sources")
    assert (ended.code, closed) == (0, [True])
    assert "Stopped." in ended.err
    assert "There is no answer with quotes yet." in ended.out


def test_a_question_that_is_too_long_is_told_and_the_chat_goes_on(
    typed: Typed, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCQA_MAX_QUESTION_CHARS", "1000")
    ended = typed("x" * 30_000, QUESTION, options=["--quiet"])
    assert "30,000 characters" in ended.err
    assert "Norda Shipyard" in ended.out


def test_a_message_larger_than_the_window_is_answered(typed: Typed, library: Path, model: Play, store: Store) -> None:
    model(SEARCH, ANSWER)
    words = "The harbour is old. " * 9000
    assert "Norda Shipyard." in typed(f"{words} {QUESTION}").out
    assert store.conversation(store.latest()).recent(9)[0].message.content == f"{words} {QUESTION}"


def test_a_recording_holds_all_questions(
    typed: Typed, docqa: Docqa, library: Path, model: Play, tmp_path: Path
) -> None:
    model(SEARCH, ANSWER, SEARCH, ANSWER)
    ended = typed(QUESTION, "Who opened it?", "/context", options=["--record", tmp_path / "chat.jsonl"])
    assert "\nfree\t" in ended.out
    assert docqa("replay", tmp_path / "chat.jsonl").out.count("identical") == 2


def test_a_file_that_is_no_recording_is_refused_at_the_start(typed: Typed, library: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("notes\n")
    ended = typed(QUESTION, options=["--record", tmp_path / "notes"])
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("docqa: ")


def test_two_clients_in_one_conversation_lose_nothing(library: Path, store: Store, model: Play) -> None:
    id = store.conversation().conversation

    def talk(name: str) -> None:
        for number in range(5):
            session = Session(ScriptedModel([SEARCH, DONE]), Shelf(chunks("It is red.")), Settings(), store)
            session.resume(id)
            list(session.ask(f"{name} {number}?"))

    threads = [threading.Thread(target=talk, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = [one.message.content for one in store.conversation(id).recent(99) if one.message.role == "user"]
    assert sorted(said) == sorted(f"{name} {number}?" for name in ("one", "two") for number in range(5))


@pytest.mark.slow
def test_a_conversation_of_100_000_messages_is_gone_on_with_quickly(typed: Typed, library: Path, store: Store) -> None:
    conversation = store.conversation()
    for first in range(0, 100_000, 10_000):
        pairs = [Message("assistant" if n % 2 else "user", f"Message {n}.") for n in range(first, first + 10_000)]
        conversation.add(pairs, spoken=True)
    begun = time.perf_counter()
    ended = typed("/memory", options=["--resume", "--json"])
    assert time.perf_counter() - begun < 5
    assert [one["text"] for one in ended.records[0]["last"]] == ["Message 99998.", "Message 99999."]


@pytest.mark.parametrize(
    ("models", "name", "said"),
    [
        (error(401, "no such key"), "", "DOCQA_LLM_API_KEY"),
        (["a", "b"], "", "DOCQA_LLM_MODEL"),
        (["a", "b"], "c", "DOCQA_LLM_MODEL"),
        (None, "", "DOCQA_LLM_BASE_URL"),
    ],
)
def test_a_model_that_cannot_be_opened_is_one_sentence_that_names_the_setting(
    typed: Typed, library: Path, monkeypatch: pytest.MonkeyPatch, models: list[str] | Reply | None, name: str, said: str
) -> None:
    with ModelServer() as server:
        server.models = models or []
        server.otherwise = error(404, "The model does not exist.")
        url = server.url if models else "http://127.0.0.1:9/v1"
        for setting, value in {"": "openai", "_BASE_URL": url, "_MODEL": name}.items():
            monkeypatch.setenv(f"DOCQA_LLM{setting}", value)
        ended = typed(QUESTION)
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert said in ended.err


def test_json_is_one_object_a_line_for_events_and_commands(typed: Typed, library: Path, model: Play) -> None:
    model(SEARCH, ANSWER)
    ended = typed(QUESTION, "/sources", "/context", "/nonsense", options=["--json"])
    records = ended.records
    assert ended.err == ""
    assert [record.get("event") for record in records][:2] == ["begun", "run_started"]
    assert records[-4]["event"] == "answered"
    assert json.dumps(records[-3]["citations"]) == json.dumps(records[-4]["citations"])
    assert sum(part["tokens"] for part in records[-2]["context"]) == records[-2]["budget"]
    assert records[-1] == {
        "event": "error",
        "message": "There is no command '/nonsense'; /help lists those that there are.",
    }
