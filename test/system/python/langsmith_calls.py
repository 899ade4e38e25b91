"""
Asks a provider on loopback through clients that LangSmith's wrappers watch, and through LangChain; its client sends
the runs to a platform on loopback, a request each.
usage: python langsmith_calls.py URL PLATFORM
"""

import os
import sys
from pathlib import Path

url, platform = sys.argv[1:]
os.environ |= {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_ENDPOINT": platform,
    "LANGSMITH_API_KEY": "none",
    "LANGSMITH_PROJECT": "shop",
}
sys.path.insert(0, str(Path(__file__).parent))

import anthropic  # noqa: E402
import openai  # noqa: E402
from asking import CLAUDE, MESSAGES, PARAMETERS, TEXT, busy, refused  # noqa: E402
from langsmith import Client, traceable, tracing_context  # noqa: E402
from langsmith.wrappers import wrap_anthropic, wrap_openai  # noqa: E402

# One request for the start of each run, and one for its end: both are JSON.
client = Client(auto_batch_tracing=False)


@traceable(run_type="chain", name="clerk", client=client, metadata={"thread_id": "t-1", "user_id": "ada"})
def by_wrappers(question: str) -> str:
    chat = wrap_openai(openai.OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=2)).chat.completions
    chat.create(model=TEXT, messages=MESSAGES, max_tokens=300, temperature=0.5)
    for _ in chat.create(model=TEXT, messages=MESSAGES, stream=True, stream_options={"include_usage": True}):
        pass
    for _ in chat.create(model=TEXT, messages=MESSAGES, stream=True):
        pass
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
    chat.create(model=TEXT, messages=MESSAGES, tools=tools)
    chat.create(model=TEXT, messages=MESSAGES, extra_headers=busy(1))
    refused(chat.create, model=TEXT, messages=MESSAGES, extra_headers=busy(9))
    refused(chat.create, model="refuse-me", messages=MESSAGES)
    messages = wrap_anthropic(anthropic.Anthropic(api_key="none", base_url=url, max_retries=2)).messages
    asked = {"model": CLAUDE, "messages": MESSAGES, "max_tokens": 300}
    messages.create(**asked)
    refused(messages.create, **asked, extra_headers=busy(9))
    return question


def by_langchain() -> None:
    from langchain_anthropic import ChatAnthropic
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI

    chain = ChatPromptTemplate.from_messages([("user", "{question}")])
    for model in (
        ChatOpenAI(model=TEXT, api_key="none", base_url=f"{url}/v1"),
        ChatAnthropic(model=CLAUDE, api_key="none", base_url=url),
    ):
        (chain | model).invoke({"question": MESSAGES[0]["content"]})
        for _ in (chain | model).stream({"question": MESSAGES[0]["content"]}):
            pass


with tracing_context(enabled=True, client=client, project_name="shop"):
    by_wrappers(MESSAGES[0]["content"])
    by_langchain()
client.flush()
