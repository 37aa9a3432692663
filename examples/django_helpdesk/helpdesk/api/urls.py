"""Routes of the API.

An id is any text here, not `<uuid:pk>`: a malformed one then meets the key check first and gets the API's own 404.
"""

from django.urls import path

from helpdesk.api import views

urlpatterns = [
    path("conversations/", views.ConversationList.as_view()),
    path("conversations/create/", views.ConversationCreate.as_view()),
    path("conversations/<str:pk>/", views.ConversationDetail.as_view()),
    path("conversations/<str:pk>/messages/", views.MessageList.as_view()),
    path("conversations/<str:pk>/messages/create/", views.MessageCreate.as_view()),
    path("conversations/<str:pk>/resolve/", views.ConversationResolve.as_view()),
]
