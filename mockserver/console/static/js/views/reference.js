// The documented API, made from the contract: each operation with its members, its requirements, what is left open, and a form to try it.

import { html, useCurrentInSight, useMemo, useStore } from "../lib.js";
import { resolve, tiersOf } from "../contract.js";
import { Prose, Status } from "../parts.js";
import { linkTo, route } from "../route.js";
import { Members, Parameters } from "./members.js";
import { Try } from "./try.js";

export function Reference({ contract }) {
  const { parts } = useStore(route);
  const events = Object.entries(contract.document.webhooks ?? {}).map(([event, item]) => ({ ...item.post, event }));
  const found = contract.operations.find(({ id }) => id === parts[0]);
  const event = events.find((one) => one.event === parts[0]);
  const current = found?.id ?? event?.event ?? "";
  const links = useCurrentInSight(current);
  const link = (name, label) => html`<a key=${name} href=${name ? linkTo("reference", name) : linkTo("reference")} aria-current=${name === current ? "page" : null}>${label}</a>`;
  return html`<div class="sided">
    <nav class="side wide-side" aria-label="Reference" ref=${links}>
      ${link("", "About")} ${contract.operations.map(({ id }) => link(id, id))}
      ${events.length > 0 && html`<p class="side-title">Webhooks</p>`} ${events.map((one) => link(one.event, one.event))}
    </nav>
    <div class="content grow" key=${current} tabindex="-1">
      ${found ? html`<${Operation} operation=${found} contract=${contract} />` : event ? html`<${Event} event=${event} contract=${contract} />` : html`<${About} contract=${contract} />`}
    </div>
  </div>`;
}

function About({ contract }) {
  const { info } = contract.document;
  return html`<section class="section">
    <h2>${info.title}</h2>
    <div class="prose"><${Prose} text=${info.description} /></div>
    <div class="table-place" tabindex="0" role="region" aria-label="Operations">
      <table>
        <thead><tr><th>Operation</th><th>Request</th><th>Keys</th></tr></thead>
        <tbody>
          ${contract.operations.map(
            (one) => html`<tr key=${one.id}><td><a href=${linkTo("reference", one.id)}>${one.summary}</a></td><td class="mono">${one.method} ${one.path}</td><td>${tiersOf(one).join(", ")}</td></tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">The whole document: <a href="../openapi.json">openapi.json</a>. The control API: <a href="openapi.yaml">openapi.yaml</a>.</p>
  </section>`;
}

function Operation({ operation, contract }) {
  const { document } = contract;
  const tiers = tiersOf(operation);
  const body = resolve(document, operation.requestBody ?? {});
  const schema = body.content?.["application/json"]?.schema;
  const responses = Object.entries(operation.responses ?? {}).map(([status, node]) => [status, resolve(document, node)]);
  const success = responses.find(([status]) => status.startsWith("2"));
  const answer = success?.[1].content?.["application/json"]?.schema;
  return html`<article class="section reference">
    <header>
      <h2>${operation.summary}</h2>
      <p class="mono signature"><strong>${operation.method}</strong> ${operation.path}</p>
      <p class="muted">${tiers.length === 1 ? `${tiers[0]} keys only` : `${tiers.join(" and ")} keys`}</p>
    </header>
    <div class="prose"><${Prose} text=${operation.description} /></div>
    <${Try} operation=${operation} contract=${contract} />
    ${operation.parameters.length > 0 && html`<section><h3>Parameters</h3><${Parameters} document=${document} parameters=${operation.parameters} /></section>`}
    ${schema && html`<section><h3>Body</h3><${Members} document=${document} schema=${schema} label="Members of the body" /></section>`}
    ${answer && html`<section><h3>Response</h3><${Members} document=${document} schema=${answer} label="Members of the response" isResponse /></section>`}
    <section>
      <h3>Statuses</h3>
      <div class="table-place">
        <table class="stack">
          <thead class="hidden"><tr><th>Status</th><th>Meaning</th></tr></thead>
          <tbody>
            ${responses.map(([status, response]) => html`<tr key=${status}><td class="cell-narrow"><${Status} status=${Number(status) || status} /></td><td class="prose"><${Prose} text=${response.description} /></td></tr>`)}
          </tbody>
        </table>
      </div>
    </section>
    <${Statements} operation=${operation} contract=${contract} />
  </article>`;
}

const SOURCES = { documented: "documented", companion: "companion page", implied: "implied" };

function Statements({ operation, contract }) {
  const of = (table, name) => Object.entries(table).filter(([, one]) => one.operation === name);
  const [own, everywhere, choices, open] = useMemo(
    () => [of(contract.requirements, operation.id), of(contract.requirements, "any"), of(contract.choices, operation.id), of(contract.choices, "any")],
    [operation.id],
  );
  const requirement = ([id, one]) => html`<li key=${id} class="statement"><p>${one.text}</p><p class="muted"><code>${id}</code> ${one.level}, ${SOURCES[one.source] ?? one.source}</p></li>`;
  const choice = ([id, one]) => html`<li key=${id} class="statement">
    <p>${one.question}</p>
    <p class="muted"><code>${id}</code> ${Object.entries(one.options).map(([option, meaning], at) => html`<span key=${option}>${at > 0 && " · "}<strong>${option}</strong> ${meaning}</span>`)}</p>
  </li>`;
  return html`<section>
      <h3>Requirements <span class="muted">${own.length}</span></h3>
      ${own.length ? html`<ul>${own.map(requirement)}</ul>` : html`<p class="none">None of its own.</p>`}
      <details class="more-statements"><summary>${everywhere.length} that hold for every operation</summary><ul>${everywhere.map(requirement)}</ul></details>
    </section>
    <section>
      <h3>Left open <span class="muted">${choices.length}</span></h3>
      <p class="muted">A server may take any of these options. <a href=${linkTo("steer", "choices")}>Switch those of this mock</a></p>
      ${choices.length > 0 && html`<ul>${choices.map(choice)}</ul>`}
      <details class="more-statements"><summary>${open.length} that show everywhere</summary><ul>${open.map(choice)}</ul></details>
    </section>`;
}

function Event({ event, contract }) {
  const { document } = contract;
  const schema = resolve(document, event.requestBody ?? {}).content?.["application/json"]?.schema;
  return html`<article class="section reference">
    <header><h2>${event.summary}</h2><p class="mono signature"><strong>POST</strong> ${event.event}</p></header>
    <div class="prose"><${Prose} text=${event.description} /></div>
    <p class="muted">Sent by the mock to its subscribers. <a href=${linkTo("steer", "webhooks")}>Subscribe, or trigger one</a></p>
    <section><h3>Headers</h3><${Parameters} document=${document} parameters=${(event.parameters ?? []).map((one) => resolve(document, one))} /></section>
    <section><h3>Payload</h3><${Members} document=${document} schema=${schema} label="Members of the payload" isResponse /></section>
  </article>`;
}
