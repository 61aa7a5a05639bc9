"""OpenTelemetry for one process: traces and metrics over OTLP where an endpoint is given, metrics for Prometheus always.

Nothing personal is recorded: statements are parameterised, and no span holds variables, headers or addresses.
"""

from __future__ import annotations

import os

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def set_up_telemetry(*, role: str, version: str, otlp_endpoint: str | None) -> None:
    """Install the providers; ``role`` is server or worker. To be called once, before the first span."""
    resource = Resource.create(
        {
            "service.name": "tradepost",
            "service.version": version,
            "service.instance.id": f"{role}-{os.getpid()}",
            "tradepost.role": role,
        }
    )
    readers: list[MetricReader] = [PrometheusMetricReader()]
    if otlp_endpoint is not None:
        base = otlp_endpoint.rstrip("/")
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics")))
        # Without an endpoint there is no provider, and a span costs next to nothing.
        traces = TracerProvider(resource=resource)
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces")))
        trace.set_tracer_provider(traces)
    metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=readers))


def shut_down_telemetry() -> None:
    """Send what is still held back."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if isinstance(provider, TracerProvider | MeterProvider):
            provider.shutdown()
