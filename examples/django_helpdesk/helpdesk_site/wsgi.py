"""The WSGI application a server loads."""

import os

from django.core.wsgi import get_wsgi_application

from helpdesk_site.wire import tidy

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk_site.settings")

application = tidy(get_wsgi_application())
