"""The `accord` command, and what both sides need to find the contract.

| where | has |
|---|---|
| cli.py | the group of subcommands, and every exit code |
| commands/ | a module for each subcommand |
| configuration.py | options, their environment variables, and the kinds of their values |
| known_failures.py | the known failures that accord.toml names |
| settings_file.py | what accord.toml may say, and what it says |
| addresses.py | whether a server can be asked at all: its URL, and the keys for it |
| embedded_mock.py | the mock that is started where no server is named: the one module that joins mock and suite |
| judged_run.py | a verification for commands that do more with a run than to show it |
| finish_run.py | how a command ends that has a verdict: reports, what is shown, exit code |
| judged_run.py | a run for commands that do more with it than to show it |
| run_files.py | the report of an earlier run, read back |
| pytest_plugin.py | the suite among the tests of whoever builds a server |
| coverage_file.py | what is said at the end of what clients have met |
| ready_file.py | the file by which a mock says that it responds |
| ending.py | how a command ends that has no result |
| terminal/ | what is written to stdout and stderr |
| base/ | what mock and suite may import of all this |
"""

__version__ = "0.1.0"
