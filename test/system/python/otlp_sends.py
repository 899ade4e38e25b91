"""
Sends spans of calls by OpenTelemetry's SDK to a listener, then prints random requests, a line each: as protobuf in
base64, and as JSON, both by Google's own library.
usage: python otlp_sends.py URL
"""

import base64
import json
import math
import random
import struct
import sys

from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

url = sys.argv[1]


def sends():
    """Half of the calls packed, half as they are."""
    for compression in (Compression.Gzip, Compression.NoCompression):
        provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
        exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=compression)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = provider.get_tracer("shop")
        with tracer.start_as_current_span("work"):
            for number in range(10):
                with tracer.start_as_current_span("chat gpt-4o") as span:
                    span.set_attribute("gen_ai.operation.name", "chat")
                    span.set_attribute("gen_ai.provider.name", "openai")
                    span.set_attribute("gen_ai.request.model", "gpt-4o")
                    span.set_attribute("gen_ai.response.finish_reasons", ["stop"])
                    span.set_attribute("gen_ai.usage.input_tokens", 1000 + number)
                    span.set_attribute("gen_ai.usage.output_tokens", 10)
                    span.set_attribute("gen_ai.input.messages", "MARKER-SECRET")
        provider.shutdown()


rng = random.Random(20261130)
texts = ["", "chat", "ünïcode 😀", "\x00", '"\\\n', "x" * 300]
numbers = [0, 1, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
doubles = [0.0, -0.5, 0.1, 1e300, 5e-324, math.inf, -math.inf, math.nan]


def fill(value: AnyValue, depth: int = 0) -> None:
    kind = rng.randrange(8 if depth < 3 else 5)
    if kind == 0:
        value.string_value = rng.choice(texts)
    elif kind == 1:
        value.bool_value = rng.random() < 0.5
    elif kind == 2:
        value.int_value = rng.choice([*numbers, rng.randrange(-(2**63), 2**63)])
    elif kind == 3:
        (any_double,) = struct.unpack("d", rng.randbytes(8))
        value.double_value = rng.choice([*doubles, any_double])
    elif kind == 4:
        return
    elif kind == 5:
        value.bytes_value = rng.randbytes(5)
    elif kind == 6:
        value.array_value.SetInParent()
        for _ in range(rng.randrange(4)):
            fill(value.array_value.values.add(), depth + 1)
    else:
        value.kvlist_value.SetInParent()
        attributes(value.kvlist_value.values, depth + 1)


def attributes(into, depth: int = 0) -> None:
    for _ in range(rng.randrange(4)):
        one = into.add()
        one.key = rng.choice(texts)
        if rng.random() < 0.9:
            fill(one.value, depth)


def moment() -> int:
    return rng.choice([0, 1, 2**64 - 1, rng.randrange(2**64)])


def spans() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    for _ in range(rng.randrange(3)):
        process = request.resource_spans.add(schema_url="https://example.com")
        attributes(process.resource.attributes)
        for _ in range(rng.randrange(3)):
            scope = process.scope_spans.add()
            scope.scope.name = rng.choice(texts)
            for _ in range(rng.randrange(3)):
                span = scope.spans.add(name=rng.choice(texts), kind=rng.randrange(6), trace_state="a=b", flags=257)
                span.trace_id, span.span_id, span.parent_span_id = rng.randbytes(16), rng.randbytes(8), rng.choice([b"", rng.randbytes(8)])
                span.start_time_unix_nano, span.end_time_unix_nano = moment(), moment()
                span.status.code, span.status.message = rng.randrange(3), rng.choice(texts)
                span.links.add(trace_id=rng.randbytes(16))
                attributes(span.attributes)
                for _ in range(rng.randrange(2)):
                    attributes(span.events.add(name=rng.choice(texts), time_unix_nano=moment()).attributes)
    return request


def logs() -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    for _ in range(rng.randrange(3)):
        scope = request.resource_logs.add().scope_logs.add()
        for _ in range(rng.randrange(3)):
            record = scope.log_records.add(severity_number=rng.randrange(25), severity_text="INFO", event_name=rng.choice(texts))
            record.trace_id, record.span_id = rng.choice([b"", rng.randbytes(16)]), rng.randbytes(8)
            record.time_unix_nano, record.observed_time_unix_nano = moment(), moment()
            fill(record.body)
            attributes(record.attributes)
    return request


sends()
for number in range(600):
    request = logs() if number % 2 else spans()
    told = {"protobuf": base64.b64encode(request.SerializeToString()).decode(), "json": json_format.MessageToJson(request, indent=None)}
    print(json.dumps({"kind": "logs" if number % 2 else "traces", **told}))
