"""A stateful mock of the Support Conversations API, driven by the contract document.

`mockserver.app.create_app` builds it as an ordinary Flask application; `mockserver.server` serves it; `mockserver.testing`
answers code that uses `requests`, in-process.
"""
