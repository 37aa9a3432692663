"""Which requirements a load run exercises, and why it leaves the others to `accord verify`."""

from collections.abc import Mapping

from contract_tests.contract.catalogue import Catalogue

EXERCISED = frozenset(
    {
        *("auth.x-api-key", "auth.bearer", "auth.client-operations", "tier.refused", "tier.refusal-changes-nothing"),
        *("isolation.list", "isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve"),
        *("create.status", "create.answer", "create.requester-email", "create.priority-default", "create.priority-kept"),
        *("create.channel-kept", "create.metadata-kept", "create.metadata-default", "create.opens", "create.id-unique"),
        *("create.number-unique", "create.timestamps", "create.text-exact"),
        *("list.answer", "list.maximum", "list.partition", "list.count", "list.email-filter", "list.status-filter"),
        *("list.fresh", "list.items-as-get", "get.answer", "get.as-created"),
        *("messages.answer", "messages.oldest-first", "messages.count", "messages.listed-once", "messages.own-conversation"),
        *("messages.id-unique", "messages.body-exact", "messages.sender", "messages.timestamps", "messages.accepted"),
        *("messages.accepted-status", "messages.conversation-kept"),
        *("resolve.answer", "resolve.closes", "resolve.get-agrees", "resolve.lists-agree", "resolve.rest-kept"),
        *("any.no-server-error", "any.json", "any.durable"),
        *("any.concurrent-creates", "any.concurrent-messages", "any.concurrent-resolves", "any.concurrent-reads"),
    }
)

_REASON = "Load does not exercise it; accord verify does."


def unexercised(catalogue: Catalogue) -> Mapping[str, str]:
    """The requirements that load leaves alone, each with the reason."""
    return {requirement.id: _REASON for requirement in catalogue if requirement.id not in EXERCISED}
