"""Finding people by address."""

from helpdesk.models import Organisation, Person


def find_or_create(organisation: Organisation, email: str, first_name: str = "", last_name: str = "") -> Person:
    """Return the person at an address, who keeps the names they have; names are for somebody new."""
    names = {"first_name": first_name, "last_name": last_name}
    if not email:
        return Person.objects.create(organisation=organisation, **names)
    person, _ = Person.objects.get_or_create(organisation=organisation, email=email, defaults=names)
    return person
