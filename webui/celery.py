"""Celery: the app that worker and beat run, and what runs by the clock."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")

app = Celery("quayside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    # A message is taken off the queue when its task has ended: one that a killed worker held comes back.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 6 * 3600, "global_keyprefix": "quayside:"},
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    task_default_queue="jobs",
    beat_schedule={
        "tidy jobs": {"task": "jobs.tidy", "schedule": 30.0, "options": {"expires": 25.0}},
        "look for newer images": {
            "task": "containers.look_for_updates",
            "schedule": 900.0,
            "options": {"expires": 600.0},
        },
        "trim the audit log": {"task": "audit.trim", "schedule": 3600.0, "options": {"expires": 3000.0}},
        "forget the owners of what is gone": {
            "task": "ownership.sweep",
            "schedule": 600.0,
            "options": {"expires": 500.0},
        },
        "look after people of directories": {
            "task": "signin.look_after",
            "schedule": 60.0,
            "options": {"expires": 50.0},
        },
        "forget old sessions and links": {"task": "accounts.tidy", "schedule": 3600.0, "options": {"expires": 3000.0}},
    },
)
app.autodiscover_tasks()
