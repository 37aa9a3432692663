"""The conformance suite: judges any server of the Support Conversations API over HTTP."""
