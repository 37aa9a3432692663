"""The six operations."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView, get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.api.filters import ConversationFilter
from helpdesk.api.permissions import AdmittedByKey, ServerKeyOnly
from helpdesk.api.serializers import ConversationSerializer, MessageSerializer, NewConversation, NewMessage
from helpdesk.models import Conversation, Message
from helpdesk.services import conversations


class OwnConversations(GenericAPIView):
    """The conversations of the key's organisation: for its key, no others exist."""

    serializer_class = ConversationSerializer

    def get_queryset(self) -> QuerySet[Conversation]:
        """Return them with what every answer shows of them."""
        mine = Conversation.objects.filter(organisation=self.request.auth.organisation)
        return mine.select_related("requester", "organisation")


class ConversationCreate(OwnConversations):
    """Create conversation."""

    def post(self, request: Request) -> Response:
        """Open a conversation and answer it."""
        body = NewConversation(data=request.data)
        body.is_valid(raise_exception=True)
        conversation = conversations.create(request.auth.organisation, **body.validated_data)
        return Response(self.get_serializer(conversation).data, status=status.HTTP_201_CREATED)


class ConversationList(OwnConversations, ListAPIView):
    """List conversations."""

    filter_backends = (ConversationFilter,)


class ConversationDetail(OwnConversations, RetrieveAPIView):
    """Get a conversation."""


class ConversationResolve(OwnConversations):
    """Resolve a conversation."""

    permission_classes = (AdmittedByKey, ServerKeyOnly)

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Close it and answer it."""
        return Response(self.get_serializer(conversations.resolve(self.get_object())).data)


class MessageList(ListAPIView):
    """List messages."""

    serializer_class = MessageSerializer

    def get_queryset(self) -> QuerySet[Message]:
        """Return the messages of one conversation, which must be the organisation's own."""
        mine = Conversation.objects.filter(organisation=self.request.auth.organisation)
        conversation = get_object_or_404(mine.only("pk"), pk=self.kwargs["pk"])
        return conversation.messages.select_related("sender")


class MessageCreate(OwnConversations):
    """Create message."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Add a message and answer it."""
        body = NewMessage(data=request.data)
        body.is_valid(raise_exception=True)
        message = conversations.reply(self.get_object(), **body.validated_data)
        return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)
