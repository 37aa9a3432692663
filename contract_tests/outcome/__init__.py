"""What a run found, as everybody reads it.

| file | has |
|---|---|
| checks.py | the check log: every check, and the fold of them to tallies |
| tally.py | what a run found out about one requirement, and its evidence |
| conclude.py | from tallies to results: here alone a level decides between failure and warning |
| known.py | failures that are known, and do not fail a run |
| run.py | results, the verdict and its exit code |
| load_figures.py | what was measured under load |
| traffic.py | what of requests and responses is kept |
| exchanges.py | the exchanges that checks cite, as the lines of exchanges.jsonl, and back |
| run_json.py | a run as the values of report.json, and back |
| checks_json.py | the check log as the lines of checks.jsonl, and back |
| json_values.py | values of JSON of a known type, or the place of one that is not |
| redacted.py | a run without keys |
"""
