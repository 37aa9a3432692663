"""One verification: settings, preflight, pytest.

| file | has |
|---|---|
| settings.py | what a run was asked for |
| targets.py | what its requests are sent by |
| waiting.py | waiting for a server that is just starting |
| preflight.py | mistakes of configuration, found before anything is judged |
| plugin.py | the pytest plugin: which tests run, and what each found |
| fixtures.py | what the shipped tests are given |
| context.py | what the tests of one process share |
| workers.py | the processes that xdist starts |
| order.py | which test comes first, and which go to the same worker |
| plan.py | what is left out where only so many conversations may be created |
| closing.py | what a run leaves behind: counted, named, closed at the end |
| recordings.py | what each process of a run sent and got |
| keeping.py | the exchanges that checks cite, where a run was asked to keep them |
| collector.py | what the tests of all workers found, put together |
| runner.py | a whole verification |
"""
