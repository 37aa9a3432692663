// What clients have met of the contract, and what never: with a button that brings a status about.

import { classes, html, useState } from "../lib.js";
import { statusClass } from "../format.js";
import { NotHere, Problem, Segments } from "../parts.js";
import { linkTo } from "../route.js";
import { listOf, useResource } from "../steer/resource.js";

export function Coverage({ contract }) {
  const { value, problem } = useResource("/coverage", 1000);
  const faults = useResource("/faults", 1500);
  const [only, setOnly] = useState("all");
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  if (value === null) return html`<div class="grow"><${NotHere} what="Coverage" /></div>`;
  const due = new Set(
    listOf(faults.value)
      .filter((rule) => rule.when?.next > (rule.fired ?? 0) && rule.then.status !== undefined && !rule.match?.key && !rule.match?.tier)
      .map((rule) => `${rule.match?.operation} ${rule.then.status}`),
  );
  const bring = (operation, status) =>
    faults.act("POST", "/faults", {
      match: { operation },
      when: { next: 1 },
      then: { status: Number(status), ...(["429", "503"].includes(status) && { retry_after: 2 }) },
    });
  const shows = (met) => only === "all" || (only === "never") !== met;
  return html`<div class="content grow">
    <section class="section">
      <div class="section-head">
        <h2>Coverage</h2>
        <${Segments} label="Show" options=${[["all", "All"], ["never", "Never met"], ["met", "Met"]]} value=${only} onChange=${setOnly} />
      </div>
      <div class="covered">
        <progress class="progress" max=${value.total} value=${value.covered} aria-label="Statuses and refusals met"></progress>
        <p><strong>${value.percent} %</strong> <span class="muted">${value.covered} of ${value.total} statuses and refusals that a client can meet were met in this namespace.</span></p>
      </div>
      <${Problem} text=${faults.problem} />
      <h3>Statuses</h3>
      <${Matrix} responses=${value.responses} operations=${contract.operations} due=${due} canBring=${faults.value !== null} onBring=${bring} shows=${shows} />
      <p class="muted">A cell counts responses. <em>Next</em> makes the next request for the operation get that status, by a <a href=${linkTo("steer", "faults")}>fault</a> that fires once.</p>
      <h3>Refusals</h3>
      <${Chips} items=${value.refusals.filter(({ count }) => shows(count > 0)).map(({ kind, count, choice }) => ({ name: kind.replaceAll("-", " "), met: count > 0, note: count || "", choice }))} />
      <h3>Choices</h3>
      <${Chips} items=${value.choices.filter(({ met }) => shows(met)).map(({ name, taken, met }) => ({ name, met, note: taken, choice: name }))} code />
    </section>
  </div>`;
}

function Matrix({ responses, operations, due, canBring, onBring, shows }) {
  const counts = new Map(responses.map(({ operation, status, count }) => [`${operation} ${status}`, count]));
  const statuses = [...new Set(responses.map(({ status }) => status))].sort();
  return html`<div class="table-place" tabindex="0" role="region" aria-label="Statuses by operation">
    <table class="matrix">
      <thead>
        <tr><th scope="col"><span class="hidden">Operation</span></th>${statuses.map((status) => html`<th key=${status} scope="col" class="mono">${status}</th>`)}</tr>
      </thead>
      <tbody>
        ${operations.map(
          ({ id }) => html`<tr key=${id}>
            <th scope="row"><a href=${linkTo("reference", id)}>${id}</a></th>
            ${statuses.map((status) => html`<td key=${status}><${Cell} operation=${id} status=${status} count=${counts.get(`${id} ${status}`)} isDue=${due.has(`${id} ${status}`)} canBring=${canBring} onBring=${onBring} shows=${shows} /></td>`)}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function Cell({ operation, status, count, isDue, canBring, onBring, shows }) {
  if (count === undefined || !shows(count > 0)) return null;
  if (count > 0) return html`<span class=${`status ${statusClass(Number(status) || 500)}`} title=${`${operation}: ${count} responses with ${status}`}>${count}</span>`;
  if (isDue) return html`<span class="muted">due</span>`;
  if (!canBring || !/^[45]\d\d$/.test(status)) return html`<span class="never" aria-label="never">0</span>`;
  return html`<button type="button" class="button small next" aria-label=${`Respond to the next ${operation} with ${status}`} onClick=${() => onBring(operation, status)}>Next</button>`;
}

function Chips({ items, code }) {
  if (!items.length) return html`<p class="none">None.</p>`;
  return html`<ul class="chips">
    ${items.map(
      ({ name, met, note, choice }) => html`<li key=${name} class=${classes("chip", met && "met")}>
        <span class="tick" aria-hidden="true">${met ? "✓" : ""}</span>
        ${choice ? html`<a class=${code ? "mono" : ""} href=${linkTo("steer", "choices", choice)}>${name}</a>` : html`<span>${name}</span>`}
        <span class="muted">${note}</span><span class="hidden">${met ? "met" : "never met"}</span>
      </li>`,
    )}
  </ul>`;
}
