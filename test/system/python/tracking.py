"""
Drives the tracker of docs/python.md, which lies beside the working folder's own files.
usage: python tracking.py many | end | loop | full | fork | clients URL
"""

import asyncio
import contextvars
import os
import resource
import sys
import threading
import time

sys.path.insert(0, os.getcwd())

from llmcost_track import Tracker, with_cost  # noqa: E402

SECRET = "MARKER-SECRET"


def call(tracker, number, **more):
    tracker.record(call_id=f"call-{number:012d}", request_model="gpt-4o", provider="openai", operation="chat", input_tokens=1000 + number, output_tokens=10, latency_ms=5, **more)  # fmt: skip


def many():
    """Eight threads and forty coroutines, each with labels of its own."""
    tracker = Tracker()

    def work(n):
        with with_cost(feature=f"thread-{n}", tags={"tier": "pro"}):
            for i in range(50):
                with with_cost(user_id=f"u{i % 2}"):
                    call(tracker, n * 50 + i)

    async def coroutine(n):
        with with_cost(feature="async", user_id=f"a{n}"):
            await asyncio.sleep(0.001)
            await asyncio.to_thread(call, tracker, 1000 + n)

    async def all_of_them():
        await asyncio.gather(*(coroutine(n) for n in range(40)))

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(work, n)) for n in range(8)]
    for thread in threads:
        thread.start()
    asyncio.run(all_of_them())
    for thread in threads:
        thread.join()


def end():
    """Waits for the signal that ends it, with calls that are not written yet."""
    tracker = Tracker(flush_seconds=60)
    for number in range(5):
        call(tracker, number)
    print("up", flush=True)
    time.sleep(60)


def loop():
    """Says what is surely written, until it is killed."""
    tracker = Tracker(flush_seconds=0.01)
    number = 0
    while True:
        for _ in range(200):
            call(tracker, number)
            number += 1
        tracker.flush()
        print(number, flush=True)


def full():
    """A disk that has no more room for a while; and more calls than may wait."""
    tracker = Tracker(flush_seconds=0.01, most_waiting=100)
    for number in range(20):
        call(tracker, number)
    tracker.flush()
    (name,) = os.listdir("llm-calls")
    size = os.stat(f"llm-calls/{name}").st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
    for number in range(20, 150):
        call(tracker, number)
        if number % 30 == 0:
            tracker.flush()
    assert os.stat(f"llm-calls/{name}").st_size == size
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fork():
    """A child writes its own calls, and none of its parent's."""
    tracker = Tracker(flush_seconds=60)
    call(tracker, 0)
    child = os.fork()
    call(tracker, 1 if child else 2)
    if child:
        os.waitpid(child, 0)


def clients(url):
    """The clients of OpenAI and Anthropic, whose calls fail, too."""
    from anthropic import Anthropic
    from openai import OpenAI

    from llmcost_clients import called

    messages = [{"role": "user", "content": SECRET}]
    openai = OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0)
    anthropic = Anthropic(api_key="none", base_url=url, max_retries=0)
    with with_cost(feature="chat", user_id="u42", tags={"tier": "pro"}):
        called("openai", openai.chat.completions.create, model="gpt-4o", temperature=0.5, max_completion_tokens=300, messages=messages)  # fmt: skip
        called("anthropic", anthropic.messages.create, model="claude-opus-4-6", max_tokens=200, messages=messages)
        try:
            called("openai", openai.chat.completions.create, model="broken", messages=messages)
        except Exception:
            pass


globals()[sys.argv[1]](*sys.argv[2:])
