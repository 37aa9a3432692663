"""The keys of a namespace: `GET` and `POST /__accord__/keys`, `DELETE /__accord__/keys/NAME`, which revokes one."""

import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

from accord.base.errors import AccordError
from accord.base.redaction import hide
from mockserver.control.bodies import value_of
from mockserver.control.responses import detail_response
from mockserver.keys.model import BUNDLE_ID, ORIGIN, PREFIXES, KeyRing, make_key
from mockserver.members import Members
from mockserver.model.caller import ApiKey
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Plan
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE

MOST_KEYS = 1000
"""The most keys that a namespace may have."""

_MEMBERS = ("name", "tier", "organisation", "origins", "bundle_ids")


def key_routes(namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_keys", __name__, url_prefix=f"{PREFIX}/keys")

    @blueprint.get("", provide_automatic_options=False)
    def show() -> Response:
        name = namespace_of(request.environ)
        # Asking makes no namespace; one that is made later begins with the keys that the default one began with.
        is_there = namespaces.is_there(name)
        plan = namespaces.get(name).plan if is_there else namespaces.get(DEFAULT_NAMESPACE).plan.first
        return jsonify(results=[_shown(key, plan) for key in plan.keys])

    @blueprint.post("", provide_automatic_options=False)
    def create() -> Response:
        given = Members(value_of(request), _MEMBERS)
        name, tier = given.name("name"), given.one_of("tier", tuple(PREFIXES))
        organisation = given.optional("organisation", given.name)
        origins = given.texts("origins", ORIGIN, "https://app.example.com")
        bundle_ids = given.texts("bundle_ids", BUNDLE_ID, "com.example.app")
        whole = make_key(tier, secrets.token_hex(16))

        def add(plan: Plan) -> Plan:
            if plan.keys.named(name) is not None:
                raise given.wrong("name", "is the name of another key", "Choose another one.")
            if len(list(plan.keys)) >= MOST_KEYS:
                raise AccordError(f"There are {MOST_KEYS} keys, which is the most there may be.", "Reset the namespace.")
            owner = organisation or plan.keys.organisations[0]
            return plan.with_keys(KeyRing([*plan.keys, ApiKey(whole, tier, owner, name, origins, bundle_ids)]))

        hide([whole])
        made = namespaces.change(namespace_of(request.environ), add)
        key = made.keys.get(whole)
        assert key is not None
        response = jsonify({**_shown(key, made.plan), "key": whole})
        response.status_code = 201
        return response

    @blueprint.delete("/<path:name>", provide_automatic_options=False)
    def revoke(name: str) -> Response:
        where = namespace_of(request.environ)
        if not namespaces.is_there(where) or namespaces.get(where).keys.named(name) is None:
            return detail_response(404, f"There is no key {name}.")
        namespaces.change(where, lambda plan: plan.with_keys(plan.keys.revoking(name)))
        return Response(status=204)

    return blueprint


def _shown(key: ApiKey, plan: Plan) -> dict[str, Any]:
    """The key as a JSON value: whole only if it is one of the ready-made ones, which are public."""
    standard = plan.standard_keys
    is_public = standard is not None and standard.by_name().get(key.name) == key.key
    return {
        "name": key.name,
        "key": key.key if is_public else key.redacted,
        "tier": key.tier,
        "organisation": key.organisation,
        "origins": sorted(key.origins),
        "bundle_ids": sorted(key.bundle_ids),
        "revoked": key.revoked,
    }
