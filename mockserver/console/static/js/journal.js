// The journal of the shown namespace, as it grows: short lines of the latest requests, newest first.
//
// Only what a list shows and filters by is kept, so that a page that is open all day stays small; one exchange is asked for whole.

import { control, controlIfThere, detailOf, namespace, Refused, trouble } from "./api.js";
import { keyOf } from "./keys.js";
import { store } from "./lib.js";

/** So many lines are kept. */
export const MOST = 10_000;

const EVERY = 400;
const AT_FIRST = 1000;
const AT_ONCE = 1000;
const LONGEST_SEARCHED = 600;
const LONGEST_REASON = 160;

/** What there is: `{lines, total, loading, paused, error, older}`; `version` changes with the lines. */
export const journal = store(empty());

let generation = 0;
let timer = 0;
let known = new Set();
let latest = null;

function empty() {
  return { lines: [], version: 0, loading: true, paused: false, waiting: 0, error: "", older: false };
}

function update(change) {
  journal.set({ ...journal.get(), ...change });
}

/** Begin to follow the journal of the shown namespace. */
export function follow() {
  namespace.listen(restart);
  trouble.listen((value) => value === null && journal.get().error && restart());
  document.addEventListener("visibilitychange", () => !document.hidden && poll());
  restart();
}

function restart() {
  generation += 1;
  known = new Set();
  latest = null;
  journal.set({ ...empty(), paused: journal.get().paused });
  load(AT_FIRST);
}

/** Ask for the lines that are older than those that are shown. */
export function loadOlder() {
  update({ loading: true });
  return load(MOST);
}

async function load(limit) {
  const mine = generation;
  try {
    const found = await control("GET", `/requests?limit=${limit}`);
    if (mine !== generation) return;
    const lines = found.results.map(lineOf);
    known = new Set(lines.map((line) => line.id));
    latest = lines[0]?.id ?? latest;
    update({ lines, version: journal.get().version + 1, loading: false, error: "", older: lines.length >= limit && limit < MOST });
  } catch (error) {
    if (mine === generation) failed(error);
  }
  schedule();
}

function schedule() {
  clearTimeout(timer);
  timer = setTimeout(poll, EVERY);
}

function failed(error) {
  if (!(error instanceof Refused)) throw error;
  update({ loading: false, error: error.message });
}

async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  const mine = generation;
  const state = journal.get();
  try {
    const found = latest
      ? await control("GET", `/requests?after=${encodeURIComponent(latest)}&limit=${AT_ONCE}`)
      : await control("GET", `/requests?limit=${AT_FIRST}`);
    if (mine === generation) take(found.results, latest !== null);
  } catch (error) {
    // Another process is there now, which never gave that id.
    if (mine === generation && error.status >= 400 && error.status < 500 && error.status !== 401) return restart();
    if (mine === generation) failed(error);
  }
  if (mine === generation && journal.get().error === state.error) schedule();
  else if (mine === generation) timer = setTimeout(poll, EVERY * 4);
}

/** Take what is new; `oldestFirst` as the journal has it after an id. */
function take(results, oldestFirst) {
  const fresh = results.filter((entry) => !known.has(entry.id));
  if (journal.get().error) update({ error: "" });
  if (!fresh.length) return;
  if (oldestFirst) fresh.reverse();
  latest = fresh[0].id;
  const lines = fresh.map(lineOf);
  for (const line of lines) known.add(line.id);
  if (journal.get().paused) {
    held.unshift(...lines);
    for (const line of held.splice(MOST)) known.delete(line.id);
    update({ waiting: held.length });
    return;
  }
  add(lines);
}

const held = [];

function add(fresh) {
  const lines = [...fresh, ...journal.get().lines];
  for (const line of lines.splice(MOST)) known.delete(line.id);
  update({ lines, version: journal.get().version + 1 });
}

/** Hold back what comes, or show all that was held back. */
export function pause(paused) {
  update({ paused, waiting: 0 });
  if (!paused && held.length) add(held.splice(0));
}

/** Have the mock forget the journal of the namespace. */
export async function clear() {
  await control("DELETE", "/requests");
  held.length = 0;
  known = new Set();
  update({ lines: [], version: journal.get().version + 1, waiting: 0, older: false });
}

/** Return one exchange whole, from whichever namespace has it; null if it was forgotten. */
export async function exchange(id) {
  const path = `/requests/${encodeURIComponent(id)}`;
  const here = await controlIfThere("GET", path);
  if (here) return here;
  const others = (await control("GET", "/namespaces")).results.map(({ name }) => name);
  for (const name of ["default", ...others.slice(0, 50)]) {
    const found = name === namespace.get() ? null : await controlIfThere("GET", path, undefined, name);
    if (found) return found;
  }
  return null;
}

/** An entry of the journal as a line of the list. */
export function lineOf(entry) {
  const { request, response } = entry;
  const [kind, decided] = Object.entries(entry.decided_by ?? {})[0] ?? ["", ""];
  const key = keyOf(entry);
  const reason = response.status >= 400 ? detailOf(response.body ?? "", response.status).slice(0, LONGEST_REASON) : "";
  const path = request.query ? `${request.path}?${request.query}` : request.path;
  return {
    id: entry.id,
    at: Date.parse(entry.at),
    method: request.method,
    path,
    operation: entry.operation,
    status: response.status,
    milliseconds: entry.milliseconds,
    key: key.name,
    tier: key.tier,
    namespace: entry.namespace,
    kind,
    decided,
    reason,
    fault: entry.fault ?? (kind === "fault" ? decided : ""),
    searched: `${path} ${reason} ${request.body ?? ""}`.slice(0, LONGEST_SEARCHED).toLowerCase(),
  };
}
