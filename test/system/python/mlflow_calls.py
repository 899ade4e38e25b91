"""Calls of OpenAI's client, written down by MLflow: URL of the provider, the database, the file of traces."""

import os
import sys

os.environ.update(OPENAI_API_KEY="none", GIT_PYTHON_REFRESH="quiet", MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
import mlflow
import openai

url, database, traces = sys.argv[1:]
mlflow.set_tracking_uri(f"sqlite:///{database}")
mlflow.openai.autolog()
client = openai.OpenAI(base_url=f"{url}/v1", max_retries=0)
asked = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "MARKER-SECRET"}]}

client.chat.completions.create(**asked, temperature=0.5, max_tokens=200)
with mlflow.start_span(name="answer", span_type="CHAIN"):
    mlflow.update_current_trace(
        metadata={"mlflow.trace.session": "session-1", "mlflow.trace.user": "user-1"},
        tags={"team": "search"},
    )
    with mlflow.start_span(name="ask", span_type="LLM") as span:
        answer = client.chat.completions.create(**asked)
        span.set_outputs(answer.model_dump())
    list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    list(client.chat.completions.create(**asked, stream=True))
    client.embeddings.create(model="text-embedding-3-small", input="MARKER-SECRET")
try:
    client.chat.completions.create(**{**asked, "model": "refuse-me"})
except openai.APIStatusError:
    pass
mlflow.flush_trace_async_logging()
with open(traces, "w", encoding="utf-8") as file:
    for trace in mlflow.search_traces(locations=["0"], return_type="list"):
        file.write(trace.to_json() + "\n")
