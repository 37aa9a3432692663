// Faults: a form with what each effect needs, the rules in force, and what fired.

import { html, useState, useStore } from "../lib.js";
import { filters, NO_FILTER } from "../views/filters.js";
import { keys } from "../keys.js";
import { Empty, Field, NotHere, Problem, Select, Sure } from "../parts.js";
import { linkTo } from "../route.js";
import { EFFECTS, WHENS, effectText, ruleOf, whenText } from "./fault-rules.js";
import { useResource, listOf } from "./resource.js";

export function Faults({ contract }) {
  const { value, problem, act } = useResource("/faults");
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  if (value === null) return html`<${NotHere} what="Faults" />`;
  const rules = listOf(value);
  return html`<section class="section">
    <div class="section-head">
      <h2>Faults</h2>
      ${rules.length > 0 && html`<${Sure} label="Remove all" onSure=${() => act("DELETE", "/faults")} />`}
    </div>
    <p class="muted">A fault makes responses fail on purpose. The first rule that matches and is due decides. For one request alone, send the header <code>X-Accord-Fault: status=503</code>.</p>
    <${Problem} text=${problem} />
    ${rules.length
      ? html`<div class="table-place" tabindex="0" role="region" aria-label="Fault rules">
          <table>
            <thead><tr><th>Requests</th><th>When</th><th>Effect</th><th class="number">Fired</th><th><span class="hidden">Actions</span></th></tr></thead>
            <tbody>${rules.map((rule) => html`<${Rule} key=${rule.id} rule=${rule} onRemove=${() => act("DELETE", `/faults/${encodeURIComponent(rule.id)}`)} />`)}</tbody>
          </table>
        </div>`
      : html`<p class="none">No rules: nothing fails.</p>`}
    <${Form} contract=${contract} onAdd=${(rule) => act("POST", "/faults", rule)} />
  </section>`;
}

function Rule({ rule, onRemove }) {
  const { match = {} } = rule;
  const more = ["query", "body"].filter((name) => Object.keys(match[name] ?? {}).length);
  return html`<tr>
    <td>
      ${match.operation && match.operation !== "*" ? match.operation : "Every operation"}${match.key && `, key ${match.key}`}${match.tier && `, ${match.tier} keys`}
      ${more.map((name) => html`<div key=${name} class="mono muted">${name} ${JSON.stringify(match[name])}</div>`)}
      <div class="mono muted">${rule.id}</div>
    </td>
    <td>${whenText(rule.when)}</td>
    <td>${effectText(rule.then)}</td>
    <td class="number">
      ${rule.fired ? html`<a href=${linkTo("requests")} onClick=${() => filters.set({ ...NO_FILTER, decided: [rule.id] })}>${rule.fired}</a>` : (rule.fired ?? 0)}${rule.met !== undefined && html`<span class="muted"> of ${rule.met}</span>`}
    </td>
    <td class="cell-actions"><button type="button" class="button small" onClick=${onRemove} aria-label=${`Remove the rule ${rule.id}`}>Remove</button></td>
  </tr>`;
}

const AT_FIRST = { operation: "*", who: "", query: "", holds: "", when: "next", effect: "status", late: "" };

function Form({ contract, onAdd }) {
  const ring = useStore(keys);
  const [form, setForm] = useState(AT_FIRST);
  const [problem, setProblem] = useState("");
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [, , whenFields] = WHENS.find(([name]) => name === form.when);
  const [, , effectFields, hint] = EFFECTS.find(([name]) => name === form.effect);
  const fields = (list) =>
    list.map(
      ([name, label, usual, kind]) => html`<${Field} key=${name} label=${label} wide=${kind === "json"}>
        ${Array.isArray(kind)
          ? html`<${Select} options=${kind} value=${form[name] ?? usual} onChange=${set(name)} />`
          : kind === "json"
            ? html`<textarea class="mono" rows="2" spellcheck=${false} value=${form[name] ?? usual} onInput=${(event) => set(name)(event.target.value)}></textarea>`
            : html`<input type=${kind === "number" ? "number" : "text"} step="any" min="0" value=${form[name] ?? usual} onInput=${(event) => set(name)(event.target.value)} />`}
      <//>`,
    );
  const add = async (event) => {
    event.preventDefault();
    const rule = ruleOf(form);
    if (typeof rule === "string") return setProblem(rule);
    setProblem("");
    if (await onAdd(rule)) setForm({ ...AT_FIRST, operation: form.operation });
    return undefined;
  };
  const who = [["", "any key"], ["tier client", "client keys"], ["tier server", "server keys"], ...ring.filter((key) => !key.revoked).map((key) => [`key ${key.name}`, `the key ${key.name}`])];
  return html`<form class="panel" onSubmit=${add}>
    <h3>Add a fault</h3>
    <div class="form">
      <${Field} label="Operation"><${Select} options=${[["*", "every operation"], ...contract.operations.map(({ id }) => id)]} value=${form.operation} onChange=${set("operation")} /><//>
      <${Field} label="Key"><${Select} options=${who} value=${form.who} onChange=${set("who")} /><//>
      <${Field} label="Query has" hint="a=b&c=d"><input class="mono" value=${form.query} onInput=${(event) => set("query")(event.target.value)} /><//>
      <${Field} label="Body has" hint="JSON"><input class="mono" placeholder='{"priority": "high"}' value=${form.holds} onInput=${(event) => set("holds")(event.target.value)} /><//>
      <${Field} label="When"><${Select} options=${WHENS.map(([name, label]) => [name, label])} value=${form.when} onChange=${set("when")} /><//>
      ${fields(whenFields)}
      <${Field} label="Effect"><${Select} options=${EFFECTS.map(([name, label]) => [name, label])} value=${form.effect} onChange=${set("effect")} /><//>
      ${fields(effectFields.filter(([, , , kind]) => kind !== "json"))}
      ${!["delay", "uniform", "lognormal"].includes(form.effect) && html`<${Field} label="Also late by" hint="seconds"><input type="number" step="any" min="0" value=${form.late} onInput=${(event) => set("late")(event.target.value)} /><//>`}
      ${fields(effectFields.filter(([, , , kind]) => kind === "json"))}
    </div>
    ${hint && html`<p class="muted">${hint}</p>`}
    <${Problem} text=${problem} />
    <div class="actions">
      <button class="button primary">Add fault</button>
      <code class="muted preview">${preview(form)}</code>
    </div>
  </form>`;
}

function preview(form) {
  const rule = ruleOf(form);
  return typeof rule === "string" ? "" : JSON.stringify(rule);
}
