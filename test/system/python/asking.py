"""Asks a provider on loopback by its makers' own clients, as programs do; no call of this file logs anything."""

SECRET = "MARKER-SECRET"
MESSAGES = [{"role": "user", "content": SECRET}]
PARAMETERS = {"type": "object", "properties": {"word": {"type": "string"}}}
TEXT, VECTORS, CLAUDE = "gpt-4o-mini", "text-embedding-3-small", "claude-haiku-4-5-20251001"


def busy(times: int) -> dict[str, str]:
    """Headers by which the provider refuses a request so many times."""
    return {"x-busy-times": str(times)}


def refused(ask, **parameters) -> None:
    """A call that must fail."""
    try:
        ask(**parameters)
    except Exception as error:
        assert getattr(error, "status_code", None) in (400, 429), error
        return
    raise AssertionError("answered")


def ask_openai(url: str, responses: bool = True) -> None:
    import openai

    client = openai.OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=2)
    chat = client.chat.completions
    chat.create(model=TEXT, messages=MESSAGES, max_tokens=300, temperature=0.5)
    for _ in chat.create(model=TEXT, messages=MESSAGES, stream=True, stream_options={"include_usage": True}):
        pass
    for _ in chat.create(model=TEXT, messages=MESSAGES, stream=True):
        pass
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
    first = chat.create(model=TEXT, messages=MESSAGES, tools=tools).choices[0].message
    assert first.tool_calls, first
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": SECRET}
    chat.create(model=TEXT, messages=[*MESSAGES, first.model_dump(exclude_none=True), result], tools=tools)
    client.embeddings.create(model=VECTORS, input=SECRET)
    chat.create(model=TEXT, messages=MESSAGES, extra_headers=busy(1))
    refused(chat.create, model=TEXT, messages=MESSAGES, extra_headers=busy(9))
    refused(chat.create, model="refuse-me", messages=MESSAGES)
    if responses:
        client.responses.create(model=TEXT, input=SECRET)
        for _ in client.responses.create(model=TEXT, input=SECRET, stream=True):
            pass


def ask_anthropic(url: str) -> None:
    import anthropic

    client = anthropic.Anthropic(api_key="none", base_url=url, max_retries=2)
    asked = {"model": CLAUDE, "messages": MESSAGES, "max_tokens": 300}
    client.messages.create(**asked)
    for _ in client.messages.create(**asked, stream=True):
        pass
    with client.messages.stream(**asked) as stream:
        stream.until_done()
    tools = [{"name": "look_up", "description": "looks it up", "input_schema": PARAMETERS}]
    first = client.messages.create(**asked, tools=tools)
    assert first.stop_reason == "tool_use", first
    client.messages.create(**asked, extra_headers=busy(1))
    refused(client.messages.create, **asked, extra_headers=busy(9))
