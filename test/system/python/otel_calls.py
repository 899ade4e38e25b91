"""
Asks a provider on loopback, watched by one of the instrumentations of OpenTelemetry, whose spans and events the
SDK's own exporter to files writes.
usage: python otel_calls.py KIT URL LOG, where KIT is openai-v2, openllmetry or openinference
"""

import os
import sys
from pathlib import Path

kit, url, log = sys.argv[1:]
os.environ |= {
    # All that is ever written, so that nothing which a log may hold goes untried.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_AND_EVENT",
    "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT": "true",
    "TRACELOOP_TRACE_CONTENT": "true",
}
sys.path.insert(0, str(Path(__file__).parent))

from opentelemetry import trace  # noqa: E402
from opentelemetry._logs import set_logger_provider  # noqa: E402
from opentelemetry.exporter.otlp.json.file._log_exporter import FileLogExporter  # noqa: E402
from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider  # noqa: E402
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: E402

import asking  # noqa: E402

resource = Resource.create({"service.name": "shop", "deployment.environment.name": "production"})
spans = TracerProvider(resource=resource)
spans.add_span_processor(BatchSpanProcessor(FileSpanExporter(log)))
trace.set_tracer_provider(spans)
events = LoggerProvider(resource=resource)
events.add_log_record_processor(BatchLogRecordProcessor(FileLogExporter(f"{log}.events")))
set_logger_provider(events)

if kit == "openai-v2":
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
elif kit == "openllmetry":
    from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
    AnthropicInstrumentor().instrument()
else:
    from openinference.instrumentation.anthropic import AnthropicInstrumentor
    from openinference.instrumentation.openai import OpenAIInstrumentor

    OpenAIInstrumentor().instrument()
    AnthropicInstrumentor().instrument()

tracer = trace.get_tracer("shop")

# What frameworks of agents write above the calls: sums of what those below them count.
summed = {
    "openai-v2": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk", "gen_ai.usage.input_tokens": 9_000_000, "gen_ai.usage.output_tokens": 9_000_000},
    "openllmetry": {"traceloop.span.kind": "workflow", "traceloop.workflow.name": "clerk", "gen_ai.usage.input_tokens": 9_000_000, "gen_ai.usage.output_tokens": 9_000_000},
    "openinference": {"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 9_000_000, "llm.token_count.completion": 9_000_000},
}[kit]

with tracer.start_as_current_span("clerk", attributes=summed), tracer.start_as_current_span("step"):
    # Of responses, that of the conventions' own makers knows nothing yet.
    asking.ask_openai(url, responses=kit != "openai-v2")
    if kit != "openai-v2":
        asking.ask_anthropic(url)
spans.shutdown()
events.shutdown()
