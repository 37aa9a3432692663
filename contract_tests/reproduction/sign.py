"""What a finding is recognised by when its requests are sent again, as values that a script can compare.

| member | is |
|---|---|
| `status` | the status of the response that showed it; 0 where the connection was closed without one |
| `statuses` | the statuses that were expected (`201`, `4xx`), where the status was wrong |
| `value` | `{"at": JSON Pointer, "expected": …, "found": …}`, where one plain value was wrong; `<run>` stands for the run's id |
| `header` | `{"name": …, "found": …}`, where a header was; `found` is null for one that was not there |
| `form` | the responses without what differs each time (`likeness.form_of`) |
| `times` | true where the finding is about times: which of them are equal and which later counts then, in the form |

All but `status` are left out where there is nothing to say.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

LONGEST_FORM = 200_000
"""Characters of a form that is kept: two pages of a hundred conversations."""


def with_form(sign: Mapping[str, Any], form: str, names: Mapping[str, str], defined: set[str]) -> dict[str, Any]:
    """The sign with a form. `names` maps the variables in it to those of the steps; of these, `defined` get a value.

    It is left out where it is too long, or names what no step gives.
    """
    renamed = re.sub(r"<(ID\d+)>", lambda found: f"<{names.get(found[1], found[1])}>", form)
    lacking = {found for found in re.findall(r"<(ID\d+)>", renamed) if found not in defined}
    fits = form and len(renamed) <= LONGEST_FORM and not lacking
    return {**sign, **({"form": json.loads(renamed)} if fits else {})}
