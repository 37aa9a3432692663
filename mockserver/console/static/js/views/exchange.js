// One exchange whole: what decided it, the request, the response; copied, sent again, changed and compared.

import { html, useEffect, useState, useStore } from "../lib.js";
import { control, namespace, showNamespace } from "../api.js";
import { contract } from "../contract.js";
import { dateTime, duration } from "../format.js";
import { exchange } from "../journal.js";
import { keyOf } from "../keys.js";
import { Body, Copy, Empty, Problem, Status } from "../parts.js";
import { linkTo } from "../route.js";
import { curl, fetchCall, python } from "../snippets.js";
import { Compare } from "./compare.js";
import { Edit } from "./edit.js";

export function Exchange({ id, onClose }) {
  const [found, setFound] = useState(undefined);
  const [problem, setProblem] = useState("");
  const [editing, setEditing] = useState(false);
  const [repeated, setRepeated] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let left = false;
    exchange(id).then(
      (entry) => left || setFound(entry),
      (error) => left || setProblem(error.message),
    );
    return () => {
      left = true;
    };
  }, [id]);

  const send = async (changes) => {
    setBusy(true);
    setProblem("");
    try {
      setRepeated(await control("POST", `/requests/${encodeURIComponent(id)}/replay`, changes, found.namespace));
      setEditing(false);
    } catch (error) {
      setProblem(error.status === 404 ? "It cannot be sent again: the journal has forgotten it." : error.message);
    }
    setBusy(false);
  };

  return html`<section class="detail" aria-label="Exchange">
    <div class="bar detail-bar">
      ${found
        ? html`<h2 class="detail-title"><${Status} status=${found.response.status} /> <span class="mono">${found.request.method} ${found.request.path}</span></h2>`
        : html`<h2 class="detail-title">Exchange <span class="mono">${id}</span></h2>`}
      <button type="button" class="button" onClick=${onClose} aria-label="Close the exchange">Close</button>
    </div>
    <div class="detail-body">
      <${Problem} text=${problem} />
      ${found === null &&
      html`<${Empty} title="This exchange is not in the journal">
        <p>The mock keeps the latest requests (<code>--journal</code>), until it ends or they are cleared.</p>
      <//>`}
      ${found &&
      html`<${Facts} entry=${found} />
        <${Decision} entry=${found} />
        <div class="actions">
          <button type="button" class="button primary" disabled=${busy} onClick=${() => send({})}>Send again</button>
          <button type="button" class="button" aria-expanded=${editing} onClick=${() => setEditing(!editing)}>Edit and send</button>
          <span class="actions-gap"></span>
          <span class="muted">Copy as</span>
          <${Copy} label="curl" text=${() => curl(found)} />
          <${Copy} label="fetch" text=${() => fetchCall(found)} />
          <${Copy} label="Python" text=${() => python(found)} />
        </div>
        ${editing && html`<${Edit} entry=${found} busy=${busy} onSend=${send} onCancel=${() => setEditing(false)} />`}
        ${repeated && html`<${Compare} before=${found} after=${repeated} onClose=${() => setRepeated(null)} />`}
        <${Half} title="Request" message=${found.request} query=${found.request.query} marked=${markedMember(found)} />
        <${Half} title="Response" message=${found.response} />`}
    </div>
  </section>`;
}

/** The member of the request that the response complains of; empty if there is none. */
function markedMember({ request, response }) {
  if (response.status < 400 || !request.body) return "";
  let members;
  try {
    members = Object.keys(JSON.parse(request.body));
  } catch {
    return "";
  }
  return members.find((name) => new RegExp(`(^|[^\\w])${name.replace(/\W/g, "\\$&")}([^\\w]|$)`).test(response.body ?? "")) ?? "";
}

function Facts({ entry }) {
  const key = keyOf(entry);
  const here = useStore(namespace);
  const inside = entry.namespace;
  return html`<dl class="facts">
    <div><dt>Time</dt><dd class="mono">${dateTime(entry.at)}</dd></div>
    <div><dt>Took</dt><dd class="mono">${duration(entry.milliseconds)}</dd></div>
    <div><dt>Operation</dt><dd>${entry.operation ? html`<a href=${linkTo("reference", entry.operation)}>${entry.operation}</a>` : "none documented"}</dd></div>
    <div><dt>Key</dt><dd>${key.name || "none"}${key.tier && key.tier !== key.name && html` <span class="muted">${key.tier}</span>`}</dd></div>
    <div>
      <dt>Namespace</dt>
      <dd>
        ${inside}
        ${inside !== here && html` <button type="button" class="link" onClick=${() => showNamespace(inside)}>Show it</button>`}
      </dd>
    </div>
    ${entry.repeats && html`<div><dt>Repeats</dt><dd class="mono"><a href=${linkTo("requests", entry.repeats)}>${entry.repeats}</a></dd></div>`}
    <div><dt>Id</dt><dd class="with-button"><span class="mono">${entry.id}</span> <${Copy} label="Copy link" text=${() => location.href} /></dd></div>
  </dl>`;
}

const SOURCES = {
  documented: "the vendor's conversations page",
  companion: "the vendor's authentication or webhooks page",
  implied: "implied: clients rely on it, though no page says so",
};

function Decision({ entry }) {
  const { requirements, choices } = useStore(contract);
  const { requirement, choice, fault } = entry.decided_by ?? {};
  const fired = fault ?? entry.fault;
  return html`${requirement &&
    html`<div class="decision">
      <p class="decision-head"><code>${requirement}</code> <span class="muted">${requirements[requirement]?.level ?? "requirement"}</span></p>
      <p>${requirements[requirement]?.text ?? "This requirement is not in the catalogue."}</p>
      <p class="muted">Source: ${SOURCES[requirements[requirement]?.source] ?? "unknown"}</p>
    </div>`}
  ${choice &&
    html`<div class="decision">
      <p class="decision-head"><code>${choice}</code> <span class="muted">left open by the vendor's documentation</span></p>
      <p>${choices[choice]?.question ?? "This choice is not in the catalogue."}</p>
      <p class="muted">${choices[choice]?.why} <a href=${linkTo("steer", "choices", choice)}>Choose otherwise</a></p>
    </div>`}
  ${fired &&
    html`<div class="decision">
      <p class="decision-head">Fault <code>${fired}</code></p>
      <p>This response was made by a fault rule. <a href=${linkTo("steer", "faults")}>See the rules</a></p>
    </div>`}`;
}

/** Which headers are open, for all exchanges of this visit. */
const open = new Map();
const isOpen = (title) => open.get(title) ?? false;
const remember = (title, value) => open.set(title, value);

function Half({ title, message, query, marked }) {
  const headers = Object.entries(message.headers);
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  return html`<section class="half" aria-label=${title}>
    <h3>${title}</h3>
    ${query && html`<${Query} text=${query} />`}
    <details class="headers" open=${isOpen(title)} onToggle=${(event) => remember(title, event.target.open)}>
      <summary>Headers <span class="muted">${headers.length}</span></summary>
      <dl class="mono">
        ${headers.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
    </details>
    <${Body} text=${message.body} type=${type.split(";")[0]} marked=${marked} label=${`${title} body`} />
  </section>`;
}

function Query({ text }) {
  const pairs = [...new URLSearchParams(text)];
  return html`<dl class="query mono">${pairs.map(([name, value], at) => html`<div key=${at}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
