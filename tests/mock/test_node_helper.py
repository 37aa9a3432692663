"""examples/node: the helper compiles strictly, and four workers use one mock side by side."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving

ROOT = Path(__file__).parents[2]
HELPER = ROOT / "examples" / "node" / "mock-namespace.ts"
TYPESCRIPT = ROOT / "tests" / "node" / "node_modules" / "typescript"
WORK = """
import { Worker, isMainThread, workerData, parentPort } from "node:worker_threads";
import { MockNamespace } from "./mock-namespace.js";

const [server] = process.argv.slice(2);

async function work(worker) {
  const mock = await MockNamespace.make(server, worker);
  const told = [];
  const conversations = `/api/v1/conversations/`;
  const key = { "X-API-Key": mock.keys.server };
  const create = (subject) => fetch(`${mock.url}${conversations}create/`, {
    method: "POST", headers: { ...key, "Content-Type": "application/json" }, body: JSON.stringify({ subject }),
  });
  await mock.freeze(new Date("2031-01-01T00:00:00Z"));
  await mock.advance(3600 * (worker + 1));
  const made = await (await create("first")).json();
  await mock.failNext("createConversation", { status: 503, retry_after: 1 });
  const statuses = [(await create("second")).status];
  for (let number = 0; number < worker; number++) statuses.push((await create("more")).status);
  await mock.expectSent({ operation: "createConversation", body: { subject: "more" } }, worker);
  const differs = await mock.expectSent({ status: 503, body: { subject: "secnd" } }).catch((error) => error.message);
  const byHeader = await (await fetch(`${server}${conversations}`, { headers: { ...key, ...mock.headers } })).json();
  await mock.drop();
  return { statuses, hour: new Date(made.created_at).getUTCHours(), count: byHeader.count, differs };
}

if (isMainThread) {
  const workers = [0, 1, 2, 3].map((number) => new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: number, argv: [server] });
    worker.on("message", resolve).on("error", reject);
  }));
  console.log(JSON.stringify(await Promise.all(workers)));
} else {
  parentPort.postMessage(await work(workerData));
}
"""

pytestmark = pytest.mark.skipif(
    not TYPESCRIPT.is_dir() or shutil.which("node") is None, reason="needs node and `npm ci` in tests/node"
)


def test_it_compiles_strictly_and_four_workers_do_not_meet(tmp_path: Path) -> None:
    options = [
        "--strict",
        "--skipLibCheck",
        "--noUncheckedIndexedAccess",
        "--target",
        "es2022",
        "--module",
        "es2022",
        "--lib",
        "es2022,dom",
    ]
    compiled = subprocess.run(
        ["node", TYPESCRIPT / "bin" / "tsc", *options, "--outDir", tmp_path, HELPER], capture_output=True, text=True, check=False
    )
    assert compiled.returncode == 0, compiled.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "work.js").write_text(WORK, encoding="utf-8")
    with serving(create_app(scenario="demo")) as url:
        done = subprocess.run(["node", "work.js", url], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for worker, told in enumerate(json.loads(done.stdout)):
        assert told["statuses"] == [503, *[201] * worker]
        assert told["hour"] == worker + 1
        assert told["count"] == 1 + worker
        assert 'body.subject is "second"; expected "secnd"' in told["differs"]
