"""Pages of a list."""

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """`limit` and `offset` as the API documents them; what is no usable number falls back to the default."""

    default_limit = 20
    max_limit = 100
