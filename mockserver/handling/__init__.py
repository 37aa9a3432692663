"""The one way of a request to a documented operation: authenticate, validate, act, serialize.

| file | has |
|---|---|
| pipeline.py | the order of the steps |
| authentication.py | from a key to a caller, by tier, origin and bundle |
| validation.py | from a request to checked values |
| conversations.py | the rules of conversations and messages |
| stateless.py | operations that a document adds, from their examples |
| agent_actions.py | what an agent does, which no operation offers |
| serializer.py | from records to JSON |
| decisions.py | which requirement or choice decides each kind of refusal |
| errors.py | the one place where refusals become responses |
"""
