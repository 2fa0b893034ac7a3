"""The websocket of one job's page: head, bars and new log lines, whenever the worker says that they changed."""

import asyncio
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.template.loader import render_to_string

from webui.jobs.listing import job_view, new_lines, visible_jobs
from webui.jobs.models import Job
from webui.jobs.notices import group_of
from webui.live.consumers.base import GONE, LiveConsumer


class JobConsumer(LiveConsumer):
    """/ws/jobs/<uuid>/?after=<the last log line that the page holds>."""

    needs: ClassVar[str] = LiveConsumer.SIGNED_IN

    async def watch(self) -> None:
        self._news = asyncio.Event()
        # What happened between the page's rendering and this moment is sent at once.
        self._news.set()
        self._last_line = _number(self.scope["query_string"].decode().removeprefix("after="))
        group = group_of(self.scope["url_route"]["kwargs"]["job_id"])
        if self.channel_layer is not None:
            await self.channel_layer.group_add(group, self.channel_name)
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                messages = await database_sync_to_async(self._messages)()
                if messages is None:
                    await self.close(GONE)
                    return
                for message in messages:
                    await self.send_json(message)
        finally:
            if self.channel_layer is not None:
                await self.channel_layer.group_discard(group, self.channel_name)

    async def job_changed(self, _event: dict[str, Any]) -> None:
        self._news.set()

    def _messages(self) -> list[dict[str, str]] | None:
        user: Any = self.scope["user"]
        job = visible_jobs(user).filter(pk=self.scope["url_route"]["kwargs"]["job_id"]).first()
        return None if job is None else self._parts(job)

    def _parts(self, job: Job) -> list[dict[str, str]]:
        view = job_view(job, self.actor)
        lines = new_lines(job, self._last_line)
        parts = [
            {"target": "#job", "swap": "outerMorph", "content": render_to_string("jobs/_progress.html", {"job": view})},
            {
                "target": "#job-head",
                "swap": "outerMorph",
                "content": render_to_string("jobs/_head.html", {"job": view}),
            },
        ]
        if lines:
            self._last_line = lines[-1].pk
            content = render_to_string("jobs/_lines.html", {"lines": lines})
            parts.append({"target": "#job-log", "swap": "beforeend", "content": content})
        return parts


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
