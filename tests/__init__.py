"""Our own tests; the suite's own are in contract_tests/suite/."""
