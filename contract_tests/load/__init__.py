"""Load that checks: many users at once, by Locust, each of whom remembers what the server acknowledged to it.

Locust replaces the sockets, locks and sleeps of the whole process that imports it by gevent's. So only the process that `starting`
starts may import it, and with it `users`, `engine` and `distributed`.
"""
