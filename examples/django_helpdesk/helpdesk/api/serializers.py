"""What comes in and what goes out, one serializer each."""

from rest_framework import serializers

from helpdesk.api.fields import Choice, Email, JSONObject, Text, Timestamp
from helpdesk.models import Channel, Conversation, Message, Person, Priority, Status


class NewConversation(serializers.Serializer):
    """The body of create conversation."""

    subject = Text(max_length=500)
    user_email = Email(required=False)
    user_first_name = Text(required=False, allow_blank=True, max_length=150)
    user_last_name = Text(required=False, allow_blank=True, max_length=150)
    description = Text(required=False, allow_blank=True)
    priority = Choice(Priority.values, required=False)
    channel = Choice(Channel.values, required=False)
    metadata = JSONObject(required=False)


class NewMessage(serializers.Serializer):
    """The body of create message."""

    body = Text()
    user_email = Email()


class ListFilter(serializers.Serializer):
    """The filters of list conversations; an empty one is no filter."""

    user_email = serializers.CharField(required=False, allow_blank=True)
    status = Choice(Status.values, required=False, allow_blank=True)


class RequesterSerializer(serializers.ModelSerializer):
    """A person, as a conversation shows them."""

    class Meta:
        """Fields in the order of the documentation."""

        model = Person
        fields = ("email", "first_name", "last_name")
        read_only_fields = fields


class ConversationSerializer(serializers.ModelSerializer):
    """A conversation, as every operation answers it."""

    requester = RequesterSerializer(read_only=True)
    created_at = Timestamp(read_only=True)
    updated_at = Timestamp(read_only=True)

    class Meta:
        """The documented fields in their order, then this helpdesk's own."""

        model = Conversation
        fields = (
            "id",
            "number",
            "subject",
            "status",
            "priority",
            "channel",
            "metadata",
            "requester",
            "created_at",
            "updated_at",
            "assignee",
            "tags",
        )
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer):
    """A message, as the list shows it and as create message answers it."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    sender_email = serializers.CharField(source="sender.email", read_only=True)
    created_at = Timestamp(read_only=True)

    class Meta:
        """Fields in the order of the documentation."""

        model = Message
        fields = ("id", "sender_email", "body", "message_type", "created_at")
        read_only_fields = fields
