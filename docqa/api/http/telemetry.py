"""Traces by OpenTelemetry: a span for each request and for each answer within it, sent where the settings say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from docqa.settings import Settings
from ingest.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

Attributes = dict[str, str | int | bool]


class Telemetry:
    """Makes spans, or nothing where no provider is given.

    Args:
        provider: where spans go.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("docqa.api") if provider else trace.NoOpTracer()

    @contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Callable[[str, Attributes], None]]:
        """The span of a request, which goes on the trace that its client began. What it gives takes, at the end, the
        route and what is known of the answer.
        """
        if self._provider is None:
            yield lambda route, attributes: None
            return
        context = TraceContextTextMapPropagator().extract(headers)
        with self._tracer.start_as_current_span(
            method, context, SpanKind.SERVER, record_exception=False, set_status_on_exception=False
        ) as span:

            def tell(route: str, attributes: Attributes) -> None:
                span.update_name(f"{method} {route}" if route else method)
                span.set_attributes({"http.request.method": method, "http.route": route, **attributes})
                if int(attributes.get("http.response.status_code", 0)) >= 500:
                    span.set_status(StatusCode.ERROR)

            yield tell

    def run(self, id: str, cached: bool) -> Callable[[], None]:
        """Begin the span of an answer, within that of the current request; what it gives ends it."""
        span = self._tracer.start_span("answer", attributes={"docqa.run": id, "docqa.cached": cached})
        return span.end


def open_telemetry(settings: Settings) -> Telemetry:
    """What the settings ask for.

    Raises:
        SettingsError: the packages of the extra 'otel' are missing.
    """
    if not settings.otel_endpoint:
        return Telemetry()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        told = "DOCQA_OTEL_ENDPOINT needs packages that are not installed: pip install 'docqa[otel]'."
        raise SettingsError(told) from None
    about: dict[str, Any] = {"service.name": "docqa", "service.version": version("docqa")}
    provider = TracerProvider(resource=Resource.create(about))
    exporter = OTLPSpanExporter(f"{settings.otel_endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Telemetry(provider)
