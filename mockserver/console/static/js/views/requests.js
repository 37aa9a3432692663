// What clients send, as it comes: the list, its filters, and one exchange beside it.

import { html, useMedia, useMemo, useShortcuts, useState, useStore } from "../lib.js";
import { download, trouble } from "../api.js";
import { clear, journal, loadOlder, pause } from "../journal.js";
import { counted } from "../format.js";
import { Empty, Problem, Segments, Sure } from "../parts.js";
import { go, route } from "../route.js";
import { Exchange } from "./exchange.js";
import { Filters, NO_FILTER, filters, groupsOf, isFiltered, optionsOf, selected } from "./filters.js";
import { Groups } from "./groups.js";
import { List } from "./list.js";

export function Requests() {
  const { parts } = useStore(route);
  const state = useStore(journal);
  const filter = useStore(filters);
  const unreachable = useStore(trouble)?.kind === "unreachable";
  const [mode, setMode] = useState("all");
  const [problem, setProblem] = useState("");
  const wide = useMedia("(min-width: 1000px)");
  const id = parts[0] ?? "";
  const options = useMemo(() => optionsOf(state.lines), [state.version]);
  const lines = useMemo(() => selected(state.lines, filter), [state.version, filter]);
  const groups = useMemo(() => (mode === "errors" ? groupsOf(lines) : []), [lines, mode]);

  const open = (line) => go(["requests", line.id], { replace: Boolean(id) });
  const close = () => {
    go(["requests"]);
    document.querySelector(".rows")?.focus();
  };
  useShortcuts({
    Escape: () => id && close(),
    "/": () => document.querySelector(".search")?.focus(),
    p: () => pause(!state.paused),
  });
  const forget = () => clear().catch((error) => setProblem(error.message));
  const showGroup = (group) => {
    filters.set({ ...filter, operation: [group.operation], status: [String(group.status)], decided: group.decided ? [group.decided] : [] });
    setMode("all");
  };
  const showsList = wide || !id;
  return html`<div class=${id && wide ? "split" : "whole"}>
    ${showsList &&
    html`<section class="list" aria-label="Requests">
      <div class="bar">
        <${Filters} options=${options} />
        <div class="bar-end">
          <${Segments} label="Show" options=${[["all", "All"], ["errors", "Errors grouped"]]} value=${mode} onChange=${setMode} />
          <button type="button" class="button" aria-pressed=${state.paused} onClick=${() => pause(!state.paused)}>
            ${state.paused ? `Resume${state.waiting ? ` (${state.waiting})` : ""}` : "Pause"}
          </button>
          <${Sure} label="Clear" sure="Forget all" onSure=${forget} />
        </div>
      </div>
      <${Problem} text=${problem || (unreachable ? "" : state.error)} />
      ${body({ state, filter, lines, groups, mode, id, open, showGroup })}
      <div class="foot" role="status">
        <span>${isFiltered(filter) ? `${lines.length.toLocaleString("en")} of ${counted(state.lines.length, "request")}` : counted(lines.length, "request")}</span>
        ${state.older && html`<button type="button" class="link" disabled=${state.loading} onClick=${loadOlder}>Load older</button>`}
        ${isFiltered(filter) && html`<button type="button" class="link" onClick=${() => filters.set(NO_FILTER)}>Clear filters</button>`}
        ${state.lines.length > 0 && html`<button type="button" class="link foot-end" onClick=${() => download("/requests.har", "requests.har").catch((error) => setProblem(error.message))}>Save as HAR</button>`}
      </div>
    </section>`}
    ${id && html`<${Exchange} key=${id} id=${id} onClose=${close} />`}
  </div>`;
}

function body({ state, filter, lines, groups, mode, id, open, showGroup }) {
  if (state.loading && !state.lines.length) return html`<div class="grow"></div>`;
  if (!state.lines.length) return html`<div class="grow"><${Waiting} /></div>`;
  if (mode === "errors") return html`<div class="grow"><${Groups} groups=${groups} onShow=${showGroup} /></div>`;
  if (!lines.length)
    return html`<div class="grow"><${Empty} title="No request matches">
      <button type="button" class="button" onClick=${() => filters.set(NO_FILTER)}>Clear filters</button>
    <//></div>`;
  return html`<${List} lines=${lines} chosen=${id} onOpen=${open} filter=${filter} />`;
}

function Waiting() {
  return html`<${Empty} title="No requests yet">
    <p>Point your client at <code>${location.origin}</code>, or try an operation in the <a href="#/reference">reference</a>. Requests show up here as they come.</p>
  <//>`;
}
