"""Settings of the example helpdesk; what differs between machines comes from the environment."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = False
# Nothing is signed here (no sessions, no cookies), so a key that lasts one run is enough.
SECRET_KEY = os.environ.get("HELPDESK_SECRET_KEY") or get_random_secret_key()
ALLOWED_HOSTS = os.environ.get("HELPDESK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = ["rest_framework", "helpdesk"]
# An API for keys has no sessions, cookies or forms: only the slash redirect and Content-Length are of use.
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "helpdesk_site.urls"
WSGI_APPLICATION = "helpdesk_site.wsgi.application"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("HELPDESK_DATABASE") or BASE_DIR / "helpdesk.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A transaction that begins by reading cannot wait for the write lock in SQLite: it fails at once with
            # "database is locked". Taking the lock at BEGIN lets writers queue, for as long as the timeout says.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # WAL lets readers go on while one writes; FULL keeps an acknowledged write even when the power fails.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["helpdesk.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["helpdesk.api.permissions.AdmittedByKey"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "helpdesk.api.negotiation.AlwaysJSON",
    "DEFAULT_PARSER_CLASSES": ["helpdesk.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "helpdesk.api.pagination.Pages",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "helpdesk.api.exceptions.handle",
    "UNAUTHENTICATED_USER": None,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    # A refused request is the client's affair; only the server's own failures belong in its log.
    "loggers": {
        "django": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.security": {"level": "CRITICAL"},
    },
}
