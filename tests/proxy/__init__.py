"""Tests of the proxy: the wire, what it says of exchanges, and that it accuses nobody."""
