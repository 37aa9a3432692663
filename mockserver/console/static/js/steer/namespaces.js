// Namespaces: states that know nothing of each other.

import { html, useState, useStore } from "../lib.js";
import { ROOT, namespace, showNamespace } from "../api.js";
import { Copy, Field, Problem, Sure } from "../parts.js";
import { listOf, useResource } from "./resource.js";

const AT_FIRST = { name: "", scenario: "", seed: "" };

export function Namespaces() {
  const { value, problem, act } = useResource("/namespaces");
  const shown = useStore(namespace);
  const [form, setForm] = useState(AT_FIRST);
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const create = async (event) => {
    event.preventDefault();
    const settings = { ...(form.scenario && { scenario: form.scenario }), ...(form.seed && { seed: /^\d{1,15}$/.test(form.seed) ? Number(form.seed) : form.seed }) };
    if (await act("PUT", `/namespaces/${encodeURIComponent(form.name)}`, settings)) setForm(AT_FIRST);
  };
  const drop = async (name) => {
    if ((await act("DELETE", `/namespaces/${encodeURIComponent(name)}`)) && name === shown) showNamespace("default");
  };
  return html`<section class="section">
    <div class="section-head"><h2>Namespaces</h2></div>
    <p class="muted">Each has its own data, keys, choices, clock and journal. A client names one by the header <code>X-Accord-Namespace</code> or by its URL.</p>
    <${Problem} text=${problem} />
    <ul class="items">
      ${listOf(value).map(
        ({ name, path, settings }) => html`<li key=${name}>
          <span class="items-name"><strong>${name}</strong> <span class="muted mono">${Object.entries(settings).map(([key, one]) => `${key} ${typeof one === "object" ? JSON.stringify(one) : one}`).join(", ")}</span></span>
          <${Copy} label="Copy URL" text=${name === "default" ? ROOT : ROOT + path} />
          ${name === shown ? html`<span class="muted">shown</span>` : html`<button type="button" class="button small" onClick=${() => showNamespace(name)}>Show</button>`}
          ${name !== "default" && html`<${Sure} label="Drop" kind="small" onSure=${() => drop(name)} />`}
        </li>`,
      )}
    </ul>
    <form class="panel" onSubmit=${create}>
      <h3>Make a namespace</h3>
      <div class="form">
        <${Field} label="Name"><input required pattern="[A-Za-z0-9][A-Za-z0-9._~\\-]*" maxlength="100" value=${form.name} onInput=${set("name")} /><//>
        <${Field} label="Scenario" hint="as the mock's unless given"><input placeholder="empty, demo, busy-inbox, paging" value=${form.scenario} onInput=${set("scenario")} /><//>
        <${Field} label="Seed" hint="another seed, other keys"><input value=${form.seed} onInput=${set("seed")} /><//>
      </div>
      <div class="actions"><button class="button primary">Make</button></div>
    </form>
  </section>`;
}
