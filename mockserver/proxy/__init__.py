"""A proxy that passes traffic unchanged and tells which exchanges violate the contract.

| file | has |
|---|---|
| upstream.py | where requests go to, and what is added to them |
| relay.py | bytes from one side to the other, as they come |
| faulty_relay.py | the same, with faults laid over the server |
| laid.py | which of the faults a request meets |
| reading.py | the requests and responses in them |
| exchange.py | one request with its response |
| asked.py | what a request asks for, and what is wrong with it |
| responses.py | what is wrong with a response, by the exchange alone |
| traffic.py | what is wrong with a response, by the traffic so far |
| findings.py | what is wrong, with requirements and sides |
| judge.py | all of that, for each exchange |
| record.py | the findings in files |
"""
