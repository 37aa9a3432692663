"""Makes docs/images/console-*.png: views of the console, of a mock that a client has used for a while.

    python docs/images/console.py

Needs Chromium (CHROMIUM names it).
"""

import sys
import time
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from mockserver.app import create_app  # noqa: E402
from mockserver.serving.server import serving  # noqa: E402
from tests.browsers import chromium  # noqa: E402

SIZE = {"width": 1280, "height": 680}
PEOPLE = [
    ("ada@example.com", "Where is my parcel?", "normal"),
    ("grace@example.com", "Mug arrived broken", "high"),
    ("linus@example.com", "Invoice for order 1042", "urgent"),
    ("kofi@example.com", "Cannot sign in on my phone", "low"),
]
AGENT = "sam@harbourpine.example"
RULES = [
    {"match": {"operation": "createMessage"}, "when": {"every": 3}, "then": {"status": 503, "retry_after": 2}},
    {"match": {"tier": "client"}, "when": {"probability": 0.2}, "then": {"delay": {"lognormal": {"median": 0.02, "sigma": 0.5}}}},
]


def main() -> None:
    app = create_app()
    with serving(app) as url, chromium() as browser:
        for rule in RULES:
            requests.post(f"{url}/__accord__/faults", json=rule, timeout=10)
        conversation, refused = _use(url, app.namespace.standard_keys)
        for name, view, scheme in (
            ("requests", f"requests/{refused}", "light"),
            ("inbox", f"inbox/{conversation}", "dark"),
            ("faults", "steer/faults", "light"),
            ("coverage", "coverage", "dark"),
        ):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(f"{url}/__accord__/#/{view}")
            page.wait_for_selector(f'main[data-view="{view}"] :is(.section, .detail-body)')
            page.wait_for_timeout(500)
            page.screenshot(path=ROOT / "docs" / "images" / f"console-{name}.png")
            page.close()


def _use(url: str, keys: object) -> tuple[str, str]:
    """Do what a client and an agent do; return the ids of a conversation and of a refused request."""
    client = requests.Session()
    client.headers["X-API-Key"] = keys.client  # type: ignore[attr-defined]
    base, control, shown = f"{url}/api/v1/conversations/", f"{url}/__accord__/conversations/", ""
    for email, subject, priority in PEOPLE:
        client.get(base, params={"limit": 20, "user_email": email})
        body = {"subject": subject, "user_email": email, "priority": priority, "channel": "web"}
        made = client.post(f"{base}create/", json=body | {"description": "Hello, can you help me?\nThank you!"}).json()["id"]
        client.get(f"{base}{made}/")
        client.post(f"{base}{made}/messages/create/", json={"body": "Any news?", "user_email": email})
        reply = {"body": "We are looking into it, and will write by noon.", "sender_email": AGENT}
        requests.post(f"{control}{made}/messages", json=reply, timeout=10)
        requests.patch(f"{control}{made}", json={"assignee": AGENT}, timeout=10)
        client.get(f"{base}{made}/messages/")
        client.post(f"{base}{made}/resolve/")
        refused = client.post(f"{base}create/", json=body | {"priority": "critical"}).headers["X-Accord-Request-Id"]
        client.get(base, headers={"X-API-Key": "bnc_cl_mistyped-key-of-somebody"})
        shown = made if "Mug" in subject else shown
        time.sleep(0.3)
    return shown, refused


if __name__ == "__main__":
    main()
