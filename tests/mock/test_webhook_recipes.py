"""The recipes of docs/webhooks.md accept what the mock sends, and refuse everything else with the right reason."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.mock.hooks import HOOKS
from tests.mock.receiver import SECRET, receiving

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
TYPESCRIPT = ROOT / "tests" / "node" / "node_modules" / "typescript"

EMPTY, ABSENT, NO_HEX, WRONG = "secret is empty", "no X-Bancroft-Signature", "lower-case hexadecimal", "other bytes"


def block(name):
    found = re.search(rf"<!-- {name}: begin -->\n```\w+\n(.*?)```\n<!-- {name}: end -->", TEXT, re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture(scope="module")
def sent():
    """Return the signature and the body of an event whose bytes change when its JSON is parsed and written again."""
    from mockserver.app import create_app
    from tests.mock.conftest import Api

    with receiving() as receiver:
        api = Api(create_app(scenario="empty"))
        api.request("POST", HOOKS, key=None, json={"url": receiver.url, "secret": SECRET})
        api.made(subject="Größe ✓", metadata={"price": 10.0})
        (one,) = receiver.wait_for(1)
        api.app.namespaces.close()
    return one.header("X-Bancroft-Signature"), one.body


def cases(signature, body):
    """Return secret, signature and body, each with a part of the reason for the refusal, or None if they are accepted."""
    changed = body.replace(b"10.0", b"10.1")
    again = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).replace("10.0", "10").encode()
    assert body not in (changed, again)
    return [
        (SECRET, signature, body, None),
        (SECRET, signature, changed, WRONG),
        (SECRET, signature, again, WRONG),
        (SECRET, signature, b"", WRONG),
        (SECRET, None, body, ABSENT),
        (SECRET, signature.upper(), body, NO_HEX),
        (SECRET, signature[:-2], body, NO_HEX),
        (SECRET, signature + "\n", body, NO_HEX),
        (SECRET, "", body, NO_HEX),
        ("another", signature, body, WRONG),
        ("", signature, body, EMPTY),
    ]


def test_python(sent):
    namespace = {}
    exec(block("python"), namespace)
    for secret, signature, body, reason in cases(*sent):
        if reason is None:
            namespace["check_signature"](secret, signature, body)
            continue
        with pytest.raises(namespace["Refused"], match=reason):
            namespace["check_signature"](secret, signature, body)


def test_the_receiver_in_flask(sent, monkeypatch):
    namespace = {"__name__": "receiver"}
    exec(block("python") + block("flask"), namespace)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    client = namespace["app"].test_client()
    for secret, signature, body, reason in cases(*sent):
        if secret != SECRET or (signature or "").endswith("\n"):
            continue
        headers = {} if signature is None else {"X-Bancroft-Signature": signature}
        response = client.post("/hooks", data=body, headers=headers, content_type="application/json")
        assert response.status_code == (204 if reason is None else 401)
        assert (reason or "") in response.text


@pytest.mark.skipif(not TYPESCRIPT.is_dir() or shutil.which("node") is None, reason="needs node and `npm ci` in tests/node")
def test_typescript(sent, tmp_path):
    (tmp_path / "recipe.ts").write_text(block("typescript"))
    called = [[secret, signature, list(body)] for secret, signature, body, _ in cases(*sent)]
    (tmp_path / "calls.json").write_text(json.dumps(called))
    (tmp_path / "run.mjs").write_text(
        "import { createRequire } from 'node:module';\n"
        "import { readFileSync, writeFileSync } from 'node:fs';\n"
        f"const ts = createRequire(import.meta.url)({json.dumps(str(TYPESCRIPT))});\n"
        "const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };\n"
        "const text = readFileSync('recipe.ts', 'utf8');\n"
        "const made = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions: options });\n"
        "if (made.diagnostics.length) throw new Error(JSON.stringify(made.diagnostics.map((one) => one.messageText)));\n"
        "writeFileSync('recipe.mjs', made.outputText);\n"
        "const { whyRefused } = await import('./recipe.mjs');\n"
        "const calls = JSON.parse(readFileSync('calls.json', 'utf8'));\n"
        "const told = calls.map(([secret, sent, body]) => whyRefused(secret, sent ?? undefined, Uint8Array.from(body)));\n"
        "console.log(JSON.stringify(told));\n"
    )
    done = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for said, (_, _, _, reason) in zip(json.loads(done.stdout), cases(*sent), strict=True):
        assert (said is None) == (reason is None), said
        assert (reason or "") in (said or "")
