"""What the helpdesk stores."""

from helpdesk.models.conversation import Channel, Conversation, Priority, Status
from helpdesk.models.key import ApiKey
from helpdesk.models.message import Message
from helpdesk.models.organisation import Organisation
from helpdesk.models.person import Person

__all__ = ["ApiKey", "Channel", "Conversation", "Message", "Organisation", "Person", "Priority", "Status"]
