// Keys: what there is, one more, one less.

import { html, useState, useStore } from "../lib.js";
import { keys, loadKeys, remember } from "../keys.js";
import { Copy, Field, NotHere, Problem, Select, Sure } from "../parts.js";
import { listOf, useResource } from "./resource.js";

const AT_FIRST = { name: "", tier: "client", origins: "", bundle_ids: "" };
const list = (text) => text.split(/[\s,]+/).filter(Boolean);

export function Keys() {
  const { value, problem, act } = useResource("/keys");
  const known = useStore(keys);
  const [form, setForm] = useState(AT_FIRST);
  const [created, setCreated] = useState(null);
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  const set = (name) => (event) => setForm({ ...form, [name]: event.target.value });
  const create = async (event) => {
    event.preventDefault();
    const body = { name: form.name, tier: form.tier };
    if (list(form.origins).length) body.origins = list(form.origins);
    if (list(form.bundle_ids).length) body.bundle_ids = list(form.bundle_ids);
    const made = await act("POST", "/keys", body);
    if (!made) return;
    remember(made.name, made.key);
    setCreated(made);
    setForm(AT_FIRST);
    loadKeys();
  };
  const revoke = async (name) => {
    if (await act("DELETE", `/keys/${encodeURIComponent(name)}`)) loadKeys();
  };
  const rows = value === null ? known : listOf(value).map((key) => ({ ...known.find((one) => one.name === key.name), ...key }));
  return html`<section class="section">
    <div class="section-head"><h2>Keys</h2></div>
    <${Problem} text=${problem} />
    <div class="table-place" tabindex="0" role="region" aria-label="Keys">
      <table>
        <thead><tr><th>Name</th><th>Tier</th><th>Organisation</th><th>Restricted to</th><th>Key</th><th><span class="hidden">Actions</span></th></tr></thead>
        <tbody>
          ${rows.map(
            (key) => html`<tr key=${key.name} class=${key.revoked ? "gone" : ""}>
              <td>${key.name}</td>
              <td>${key.tier}</td>
              <td>${key.organisation ?? "—"}</td>
              <td class="mono">${[...(key.origins ?? []), ...(key.bundle_ids ?? [])].join(", ") || "—"}</td>
              <td class="mono">${key.shown ?? key.key}</td>
              <td class="cell-actions">
                <span class="cell-buttons">
                  ${key.whole && html`<${Copy} text=${key.whole} />`}
                  ${key.revoked ? html`<span class="muted">revoked</span>` : value !== null && html`<${Sure} label="Revoke" kind="small" onSure=${() => revoke(key.name)} />`}
                </span>
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${created &&
    html`<div class="decision" role="status">
      <p class="decision-head">The key ${created.name}</p>
      <p class="actions"><code>${created.key}</code> <${Copy} text=${created.key} /></p>
      <p class="muted">It is shown this once.</p>
    </div>`}
    ${value === null
      ? html`<${NotHere} what="Creating and revoking keys" />`
      : html`<form class="panel" onSubmit=${create}>
          <h3>Create a key</h3>
          <div class="form">
            <${Field} label="Name"><input required maxlength="100" value=${form.name} onInput=${set("name")} /><//>
            <${Field} label="Tier"><${Select} options=${["client", "server"]} value=${form.tier} onChange=${(tier) => setForm({ ...form, tier })} /><//>
            <${Field} label="Origins" hint="of client keys"><input value=${form.origins} placeholder="https://app.example.com" onInput=${set("origins")} /><//>
            <${Field} label="Bundle ids" hint="of client keys"><input value=${form.bundle_ids} placeholder="com.example.app" onInput=${set("bundle_ids")} /><//>
          </div>
          <div class="actions"><button class="button primary">Create</button></div>
        </form>`}
  </section>`;
}
