"""
Asks a provider on loopback through LiteLLM, whose payloads for logging a callback writes, a line each, as people do
who log to files.
usage: python litellm_calls.py URL LOG
"""

import json
import os
import sys
import time
from pathlib import Path

url, log = sys.argv[1:]
# The prices that the package brings: it would fetch others.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "ERROR"
sys.path.insert(0, str(Path(__file__).parent))

import litellm  # noqa: E402
from asking import CLAUDE, MESSAGES, PARAMETERS, SECRET, TEXT, VECTORS, busy  # noqa: E402
from litellm.integrations.custom_logger import CustomLogger  # noqa: E402

written = 0


class ToFile(CustomLogger):
    def log_success_event(self, kwargs, response_obj, start_time, end_time):
        global written
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(kwargs["standard_logging_object"], default=str) + "\n")
        written += 1

    log_failure_event = log_success_event


litellm.suppress_debug_info = True
litellm.callbacks = [ToFile()]
openai = {"api_key": "none", "api_base": f"{url}/v1"}
anthropic = {"api_key": "none", "api_base": url}
labels = {"user": "ada", "metadata": {"tags": ["shop"], "spend_logs_metadata": {"feature": "clerk"}}}
chat = {"model": f"openai/{TEXT}", "messages": MESSAGES, **openai, **labels}
expected = 0


def ask(method, may_fail: bool = False, **parameters):
    """One call, which must be logged before the next: callbacks run beside the program."""
    global expected
    answer = None
    try:
        answer = method(**parameters)
        if parameters.get("stream"):
            for _ in answer:
                pass
    except Exception as error:
        assert may_fail, error
    expected += 1
    until = time.monotonic() + 20
    while written < expected and time.monotonic() < until:
        time.sleep(0.01)
    assert written == expected, (written, expected)
    return answer


ask(litellm.completion, **chat, max_tokens=300, temperature=0.5)
ask(litellm.completion, **chat, stream=True, stream_options={"include_usage": True})
tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
first = ask(litellm.completion, **chat, tools=tools).choices[0].message
result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": SECRET}
again = [*MESSAGES, first.model_dump(exclude_none=True), result]
ask(litellm.completion, **{**chat, "messages": again}, tools=tools)
ask(litellm.embedding, model=f"openai/{VECTORS}", input=[SECRET], **openai)
# The client's own tries, of which one is answered, or none.
ask(litellm.completion, **chat, extra_headers=busy(1), max_retries=2)
ask(litellm.completion, True, **chat, extra_headers=busy(9), max_retries=1)
ask(litellm.completion, True, **{**chat, "model": "openai/refuse-me"}, max_retries=0)
claude = {"model": f"anthropic/{CLAUDE}", "messages": MESSAGES, "max_tokens": 300, **anthropic, **labels}
ask(litellm.completion, **claude)
ask(litellm.completion, **claude, stream=True)
ask(litellm.completion, True, **claude, extra_headers=busy(9), max_retries=0)
ask(litellm.responses, model=f"openai/{TEXT}", input=SECRET, **openai)
