"""Filters of the conversation list."""

from django.db.models import QuerySet
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from helpdesk.api.serializers import ListFilter
from helpdesk.models import Conversation


class ConversationFilter(BaseFilterBackend):
    """Filters by requester and by status. With both, a conversation has to match both."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Conversation], view: APIView) -> QuerySet[Conversation]:
        """Narrow the list, or refuse a filter with an invalid value."""
        filters = ListFilter(data=request.query_params.dict())
        filters.is_valid(raise_exception=True)
        if email := filters.validated_data.get("user_email"):
            queryset = queryset.filter(requester__email=email.lower())
        if status := filters.validated_data.get("status"):
            queryset = queryset.filter(status=status)
        return queryset
