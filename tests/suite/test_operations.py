"""The operationIds that the suite names are those of the contract document."""

import yaml

from accord.base.assets import OPENAPI
from contract_tests.contract.operations import OPERATIONS


def test_the_operations_are_those_of_the_document() -> None:
    document = yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert sorted(OPERATIONS) == sorted(one["operationId"] for one in operations if "operationId" in one)
