// Filters of the list: AND between them, OR within one.

import { classes, html, store, useEffect, useRef, useState, useStore } from "../lib.js";

export const NO_FILTER = { text: "", operation: [], status: [], key: [], decided: [] };

/** What the list is filtered by; it stays while other views are shown. */
export const filters = store(NO_FILTER);

const KINDS = [
  ["operation", "Operation"],
  ["status", "Status"],
  ["key", "Key"],
  ["decided", "Decided by"],
];
const NO_OPERATION = "(none)";
const NO_KEY = "(no key)";

export const operationName = (line) => line.operation || NO_OPERATION;
export const keyName = (line) => line.key || NO_KEY;

export function isFiltered(filter) {
  return filter.text !== "" || KINDS.some(([kind]) => filter[kind].length);
}

/** The lines that a filter selects, in their order. */
export function selected(lines, filter) {
  if (!isFiltered(filter)) return lines;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const [operations, statuses, keys, decisions] = KINDS.map(([kind]) => new Set(filter[kind]));
  return lines.filter(
    (line) =>
      (!operations.size || operations.has(operationName(line))) &&
      (!statuses.size || statuses.has(statusGroup(line)) || statuses.has(String(line.status))) &&
      (!keys.size || keys.has(keyName(line))) &&
      (!decisions.size || decisions.has(line.decided) || (line.fault !== "" && decisions.has(line.fault))) &&
      words.every((word) => line.searched.includes(word) || line.id === word || line.decided.includes(word)),
  );
}

const statusGroup = (line) => `${Math.floor(line.status / 100)}xx`;

/** What there is to filter by, of each kind, with how many lines have it, most first. */
export function optionsOf(lines) {
  const counts = Object.fromEntries(KINDS.map(([kind]) => [kind, new Map()]));
  const add = (kind, value) => value && counts[kind].set(value, (counts[kind].get(value) ?? 0) + 1);
  for (const line of lines) {
    add("operation", operationName(line));
    add("status", statusGroup(line));
    if (line.status >= 400) add("status", String(line.status));
    add("key", keyName(line));
    add("decided", line.decided);
    if (line.fault !== line.decided) add("decided", line.fault);
  }
  const sorted = (kind, map) => [...map].sort(([a, m], [b, n]) => (kind === "status" ? a.replace("xx", "").localeCompare(b.replace("xx", "")) : n - m || a.localeCompare(b)));
  return Object.fromEntries(KINDS.map(([kind]) => [kind, sorted(kind, counts[kind])]));
}

/** Errors that are the same but for their values, most first: `{operation, status, decided, kind, reason, count, latest}`. */
export function groupsOf(lines) {
  const groups = new Map();
  for (const line of lines) {
    if (line.status < 400) continue;
    const reason = line.reason.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…").replace(/\d{2,}/g, "…");
    const id = JSON.stringify([line.operation, line.status, line.decided, reason]);
    const group = groups.get(id);
    if (group) group.count += 1;
    else groups.set(id, { id, operation: operationName(line), status: line.status, decided: line.decided, kind: line.kind, reason: line.reason, count: 1, latest: line });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

export function Filters({ options }) {
  const filter = useStore(filters);
  const toggle = (kind, value) => {
    const taken = filter[kind];
    filters.set({ ...filter, [kind]: taken.includes(value) ? taken.filter((one) => one !== value) : [...taken, value] });
  };
  const [open, setOpen] = useState(false);
  const taken = KINDS.reduce((sum, [kind]) => sum + filter[kind].length, 0);
  return html`<div class=${classes("filters", open && "open")} role="search" aria-label="Filter the requests">
    <input
      class="search"
      type="search"
      placeholder="Search path, body, reason"
      aria-label="Search path, body, reason"
      value=${filter.text}
      onInput=${(event) => filters.set({ ...filter, text: event.target.value })}
    />
    <button type="button" class="button filters-more" aria-expanded=${open} onClick=${() => setOpen(!open)}>Filters${taken ? ` (${taken})` : ""}</button>
    ${KINDS.map(([kind, label]) => html`<${Menu} key=${kind} label=${label} options=${withTaken(options[kind], filter[kind])} taken=${filter[kind]} onToggle=${(value) => toggle(kind, value)} />`)}
  </div>`;
}

function withTaken(options, taken) {
  const there = new Set(options.map(([value]) => value));
  return [...options, ...taken.filter((value) => !there.has(value)).map((value) => [value, 0])];
}

function Menu({ label, options, taken, onToggle }) {
  const place = useRef(null);
  useEffect(() => {
    const leave = (event) => !place.current?.contains(event.target) && place.current?.removeAttribute("open");
    const escape = (event) => {
      if (event.key !== "Escape" || !place.current?.open) return;
      event.stopPropagation();
      place.current.removeAttribute("open");
      place.current.querySelector("summary").focus();
    };
    document.addEventListener("pointerdown", leave);
    place.current.addEventListener("keydown", escape);
    return () => document.removeEventListener("pointerdown", leave);
  }, []);
  return html`<details class=${classes("menu", taken.length && "active")} ref=${place}>
    <summary>${label}${taken.length > 0 && html`<span class="count">${taken.length === 1 ? taken[0] : taken.length}</span>`}</summary>
    <div class="menu-items">
      ${!options.length && html`<p class="muted">Nothing yet</p>`}
      ${options.map(
        ([value, count]) => html`<label key=${value} class="check">
          <input type="checkbox" checked=${taken.includes(value)} onChange=${() => onToggle(value)} />
          <span class="menu-value">${value}</span><span class="muted number">${count}</span>
        </label>`,
      )}
    </div>
  </details>`;
}
