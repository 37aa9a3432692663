"""Uses a client that openapi-python-client made from spec/openapi.yaml, as `helpdesk`: `python generated_client.py URL KEY`."""

import sys

from helpdesk import AuthenticatedClient
from helpdesk.api.conversations import create_conversation, get_conversation, list_conversations, resolve_conversation
from helpdesk.api.messages import create_message, list_messages
from helpdesk.models import (
    AConversationToCreate,
    AMessageToSend,
    Channel,
    Conversation,
    CreateConversationCreatedConversation,
    CreateConversationCreatedConversationStatus,
    PageOfConversations,
    PageOfMessages,
    Priority,
    Requester,
    ResolveConversationResolvedConversation,
    ResolveConversationResolvedConversationStatus,
    Status,
)


def main(url: str, key: str) -> None:
    client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True)
    address = "rosa.lind@example.com"

    new = AConversationToCreate(subject="Please call me", user_email=address, priority=Priority.HIGH, channel=Channel.CALLBACK)
    created = create_conversation.sync(client=client, body=new)
    assert isinstance(created, CreateConversationCreatedConversation)
    assert created.subject == "Please call me"
    assert created.status is CreateConversationCreatedConversationStatus.OPEN
    assert created.metadata.to_dict() == {}

    read = get_conversation.sync(created.id, client=client)
    assert isinstance(read, Conversation)
    assert read.created_at.tzinfo is not None
    assert read.number == created.number
    assert read.channel is Channel.CALLBACK
    assert isinstance(read.requester, Requester)
    assert read.requester.email == address

    page = list_conversations.sync(client=client, user_email=address, status=Status.OPEN, limit=5)
    assert isinstance(page, PageOfConversations)
    assert created.id in [one.id for one in page.results[: page.count]]

    message = AMessageToSend(body="Friday after 15:00", user_email=address)
    sent = create_message.sync_detailed(created.id, client=client, body=message)
    assert sent.status_code in (200, 201)

    messages = list_messages.sync(created.id, client=client)
    assert isinstance(messages, PageOfMessages)
    assert messages.results[-1].body == "Friday after 15:00"
    assert messages.results[-1].sender_email == address

    resolved = resolve_conversation.sync(created.id, client=client)
    assert isinstance(resolved, ResolveConversationResolvedConversation)
    assert resolved.status is ResolveConversationResolvedConversationStatus.CLOSED

    print("createConversation getConversation listConversations createMessage listMessages resolveConversation")


if __name__ == "__main__":
    main(*sys.argv[1:])
