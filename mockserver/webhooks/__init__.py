"""Telling receivers of events, as the webhooks page has it.

An event goes to the outbox in the transaction that changes what it is about (publisher.py). A thread that exists only if there are
subscriptions takes what is due from there and has it sent (delivery.py), by others, so that a slow receiver holds up nobody.

| file | has |
|---|---|
| subscriptions.py | reading what a receiver asks for, and checking it |
| targets.py | which addresses receivers may have |
| publisher.py | events to deliveries in the outbox |
| payload.py, signing.py | the bytes that are sent, and their signature |
| sending.py | one attempt: a request, and what came of it |
| schedule.py | when the next attempt is due |
| delivery.py | the thread that delivers |
"""
