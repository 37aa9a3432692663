"""The state in a database: the same schema and statements in a SQLite file and in PostgreSQL.

SQLAlchemy Core says the schema and the statements once for both. Each statement is compiled once, and then given to the driver as
text: what Core costs for each execution, 30 µs, is several times what SQLite takes.

| file | has |
|---|---|
| storage.py | all namespaces of a database |
| store.py | the state of one of them |
| outbox.py | subscriptions to events, and what is on its way to them |
| states.py | that state as a whole: forgotten, kept under a name, brought back |
| units.py | units of work, each on a connection of its own |
| selections.py | what lists select, counted and cut by the database |
| statements.py | the statements, as text of one dialect |
| tables.py | the tables, as they are after all migrations |
| rows.py, text.py | rows to records, and text that every database can keep |
| migrating.py | bringing a database to the schema of this version |
| sqlite.py, postgresql.py | a file, and a database that processes share |
"""
