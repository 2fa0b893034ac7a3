"""Looking after people of directories. Scheduled every minute; each directory says itself how often."""

from celery import shared_task

from webui.signin.models import Directory
from webui.signin.watching import is_due, look_after


@shared_task(name="signin.look_after", ignore_result=True)
def look_after_all() -> None:
    for pk in Directory.objects.filter(is_enabled=True).values_list("pk", flat=True):
        directory = Directory.readable(pk=pk)
        if is_due(directory):
            look_after(directory)
