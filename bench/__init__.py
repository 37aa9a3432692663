"""How fast the mock is, beside other mock servers and at growing sizes: `python -m bench`, which writes docs/benchmarks.md."""
