"""The operations of the contract by their operationIds, as spec/openapi.yaml has them."""

CREATE_CONVERSATION = "createConversation"
LIST_CONVERSATIONS = "listConversations"
GET_CONVERSATION = "getConversation"
LIST_MESSAGES = "listMessages"
CREATE_MESSAGE = "createMessage"
RESOLVE_CONVERSATION = "resolveConversation"

OPERATIONS = (
    CREATE_CONVERSATION,
    LIST_CONVERSATIONS,
    GET_CONVERSATION,
    LIST_MESSAGES,
    CREATE_MESSAGE,
    RESOLVE_CONVERSATION,
)
"""All of them, in the order of the document."""
