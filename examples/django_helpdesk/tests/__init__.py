"""What users of the helpdesk see, run by `manage.py test`."""
