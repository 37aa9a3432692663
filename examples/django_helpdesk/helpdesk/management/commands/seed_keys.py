"""Create two organisations and one key of every sort a conformance run asks for."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from helpdesk.models import ApiKey, Organisation
from helpdesk.services import keys

SERVER, CLIENT = ApiKey.Kind.SERVER, ApiKey.Kind.CLIENT


class Command(BaseCommand):
    """Keys may be given; those that are not are made up. All are printed as one JSON object."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare one option for each key."""
        for option in ("server", "client", "revoked", "other-server", "origin-client"):
            parser.add_argument(f"--{option}-key", metavar="KEY")
        parser.add_argument("--origin", default="https://app.example.com", help="the origin of the origin client key")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Seed and print."""
        ours, _ = Organisation.objects.get_or_create(name="Example Ltd")
        theirs, _ = Organisation.objects.get_or_create(name="Another Ltd")
        origin = options["origin"]
        try:
            seeded = {
                "server_key": keys.issue(ours, SERVER, options["server_key"]),
                "client_key": keys.issue(ours, CLIENT, options["client_key"]),
                "revoked_key": keys.issue(ours, SERVER, options["revoked_key"], revoked=True),
                "other_server_key": keys.issue(theirs, SERVER, options["other_server_key"]),
                "origin_client_key": keys.issue(ours, CLIENT, options["origin_client_key"], allowed_origins=[origin]),
                "origin": origin,
            }
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(seeded))
