"""Load that checks: many users at once, by Locust, each of whom remembers what the server acknowledged to it.

Locust replaces the sockets, locks and sleeps of the whole process that imports it by gevent's. So only the process that
`launcher.py` starts may import it, and with it `users.py`, `engine.py` and `distributed.py`.

| file | has |
|---|---|
| settings.py | what a load was asked for |
| launcher.py | starts the process that loads, and makes a Run of what that found |
| __main__.py | that process |
| engine.py | the load of one process, by Locust's runner |
| distributed.py | a master and its workers, on any number of machines |
| users.py | the users as Locust spawns them, and the mix of what they do |
| user.py | one user: what it does, and how it judges each response |
| user_pool.py | all users of one process |
| shared_state.py | what the users of a process know together |
| sending.py | requests counted, timed, and no write sent twice |
| ordering.py | pure comparisons for conversations that many write to |
| audit.py | reads everything again at the end |
| coverage.py | which requirements a load exercises |
"""
