"""The subcommands, one module each; `accord/cli.py` imports the one that runs."""
