"""The Docker API of each host over TLS, for people with a personal token: docker CLI, Compose, docker-py, CI.

    serve(listener)                    until the process is told to stop
    async with serving(listener): ...  the same beside other things

What is read from a client here is strict HTTP/1.1; what it means and whether it may pass is the gate's to say.
"""

from webui.proxy.server import serve, serving

__all__ = ["serve", "serving"]
