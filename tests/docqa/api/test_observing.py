"""Request ids, logs, figures and spans: that each request is seen, and nothing that is not for whoever reads them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from docqa.api import errors
from docqa.api.http import observing
from docqa.api.http.logs import purify, trace_of
from docqa.api.http.observing import PROBES, WELL_FORMED
from docqa.llm import Completion
from docqa.llm.scripted import ScriptedModel
from docqa.settings import Settings
from ingest.errors import SettingsError
from tests.docqa.api.asking import ANSWER, PATIENCE, soon, user
from tests.servers.api import serving

SECRET = "dq-" + "s" * 43
UNKNOWN = "file-" + "0" * 32


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the service logs, as its log file gets it."""
    caplog.handler.addFilter(purify)
    caplog.set_level(logging.INFO, logger="docqa.api")
    yield caplog
    caplog.handler.removeFilter(purify)


def answered(log: pytest.LogCaptureFixture) -> dict[str, object]:
    """What is told of the only request; it is written down when its answer has been sent."""
    assert soon(lambda: any(record.getMessage() == "answered" for record in log.records))
    (line,) = [record for record in log.records if record.getMessage() == "answered"]
    fields: dict[str, object] = line.__dict__["fields"]
    return fields


def figures(base: str) -> str:
    return httpx.get(f"{base}/metrics").text


@pytest.mark.parametrize("given", ["order-17", "a" * 128, "01J.x_y-Z"])
def test_a_request_keeps_the_id_that_it_comes_with(base: str, given: str) -> None:
    assert httpx.get(f"{base}/v1/models", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "<script>", "x" * 129, "-x", "näh".encode("latin-1")])
def test_a_request_without_a_proper_id_gets_one(base: str, given: str | bytes) -> None:
    got = httpx.get(f"{base}/v1/models", headers={"X-Request-Id": given}).headers["x-request-id"]
    assert WELL_FORMED.fullmatch(got)
    assert got != given


@pytest.mark.parametrize("path", ["/nothing", "/v1/files/%00", f"/v1/files/{UNKNOWN}", "/livez"])
def test_every_answer_has_the_id_whoever_gives_it(base: str, path: str) -> None:
    assert httpx.get(f"{base}{path}", headers={"X-Request-Id": "seen"}).headers["x-request-id"] == "seen"


def test_a_line_of_the_log_tells_the_request_and_its_route_and_no_more(
    base: str, log: pytest.LogCaptureFixture
) -> None:
    httpx.get(
        f"{base}/v1/files/{UNKNOWN}?after=private", headers={"Authorization": f"Bearer {SECRET}", "X-Request-Id": "r1"}
    )
    fields = answered(log)
    expected = {"request": "r1", "method": "GET", "route": "/v1/files/{file_id}", "status": 404}
    assert expected.items() <= fields.items()
    assert not {"private", SECRET, UNKNOWN} & set(re.findall(r"[\w-]+", str(fields)))


def test_probes_that_are_well_are_not_written_down(base: str, log: pytest.LogCaptureFixture) -> None:
    for path in PROBES:
        assert httpx.get(f"{base}{path}").status_code == 200
    httpx.get(f"{base}/v1/models")
    assert answered(log)["route"] == "/v1/models"


def test_an_answer_is_seen_with_its_run(base: str, log: pytest.LogCaptureFixture) -> None:
    answer = httpx.post(f"{base}/v1/chat/completions", json={"model": "docqa", "messages": user()}, timeout=60)
    fields = answered(log)
    assert fields["run"] == answer.headers["x-docqa-run"]
    assert fields["cache"] in ("hit", "miss")
    assert 'docqa_answers_total{cache="' in figures(base)


def test_figures_name_routes_by_their_templates(base: str) -> None:
    for number in range(3):
        httpx.get(f"{base}/v1/files/file-{number:032}")
        httpx.get(f"{base}/nothing/{number}")
    text = figures(base)
    assert 'docqa_requests_total{method="GET",route="/v1/files/{file_id}",status="404"}' in text
    assert re.search(r'docqa_requests_total\{method="GET",route="none",status="404"\} [3-9]', text)
    assert "file-0000" not in text


def test_streams_are_counted_while_they_last(settings: Settings) -> None:
    go_on = threading.Event()

    def slow(messages: object, tools: object) -> Completion:
        assert go_on.wait(PATIENCE)
        return ANSWER

    body = {"model": "docqa", "messages": user(), "stream": True}
    with (
        serving(settings, ScriptedModel(slow)) as base,
        httpx.stream("POST", f"{base}/v1/chat/completions", json=body, timeout=PATIENCE),
    ):
        assert "docqa_streams_open 1.0" in figures(base)
        go_on.set()
        assert soon(lambda: "docqa_streams_open 0.0" in figures(base))


def broken_app() -> FastAPI:
    """An application of which nobody foresaw how it fails."""
    app = FastAPI()
    errors.install(app)
    observing.install(app, Settings())

    @app.get("/broken")
    def broken() -> None:
        raise ValueError(f"the text of a document, {SECRET} and {Path(__file__)}")

    return app


def test_what_nobody_foresaw_tells_its_kind_and_place_in_the_log_and_nothing_in_the_answer(
    log: pytest.LogCaptureFixture,
) -> None:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(broken_app()), base_url="http://test") as client:
            return await client.get("/broken", headers={"X-Request-Id": "r2"})

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "server_error")
    assert "r2" in answer.json()["error"]["message"]
    told = str(next(record for record in log.records if "unforeseen" in record.getMessage()).__dict__["fields"])
    assert "ValueError at " in told
    assert "test_observing:" in told
    assert not any(text in told + answer.text for text in ("text of a document", SECRET, str(Path(__file__).parent)))


def test_a_log_record_loses_paths_keys_and_traces() -> None:
    record = logging.LogRecord("library", logging.ERROR, "", 0, f"/var/lib/docqa of {SECRET}", (), None)
    record.fields = {"reason": "in /var/lib/docqa", "route": "/v1/files/{file_id}"}
    assert purify(record)
    assert record.getMessage() == "… of dq-…"
    assert record.__dict__["fields"] == {"reason": "in …", "route": "/v1/files/{file_id}"}


def test_an_error_is_told_with_what_led_to_it() -> None:
    try:
        try:
            raise KeyError("private")
        except KeyError as error:
            raise SettingsError("DOCQA_HOST is wrong: see /etc/docqa.") from error
    except SettingsError as error:
        told = trace_of(error)
    assert re.fullmatch(r"SettingsError: DOCQA_HOST is wrong: see …\.? at \S+test_observing:\d+; from KeyError", told)


class Collector(BaseHTTPRequestHandler):
    """Takes traces in, as OpenTelemetry's collector does."""

    got: list[ExportTraceServiceRequest]

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append(request)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_traces_are_sent_where_the_settings_say_and_go_on_those_of_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    Collector.got = []
    trace = "0af7651916cd43dd8448eb211c80319c"
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, args=(0.05,)).start()
        endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
        with serving(Settings(data_dir=tmp_path / "data", otel_endpoint=endpoint)) as base:
            httpx.get(f"{base}/v1/files/{UNKNOWN}", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
            assert soon(lambda: bool(Collector.got))
        collector.shutdown()
    (span,) = Collector.got[0].resource_spans[0].scope_spans[0].spans
    assert (span.name, span.trace_id.hex()) == ("GET /v1/files/{file_id}", trace)
    attributes = {each.key: each.value for each in span.attributes}
    assert attributes["http.response.status_code"].int_value == 404
    assert UNKNOWN not in json.dumps([str(span)])
