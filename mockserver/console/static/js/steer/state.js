// The state of the namespace: the scenario, snapshots, export and import.

import { html, useRef, useState } from "../lib.js";
import { download, namespace } from "../api.js";
import { Field, Problem, Sure } from "../parts.js";
import { listOf, useResource } from "./resource.js";

export function State() {
  const { value, problem, setProblem, act } = useResource("/snapshots");
  const health = useResource("/health", 10_000);
  const [said, setSaid] = useState("");
  const [name, setName] = useState("");
  const file = useRef(null);
  const done = async (text, acting) => {
    setSaid("");
    if (await acting) setSaid(text);
  };
  const keep = async (event) => {
    event.preventDefault();
    await done(`Kept as ${name}.`, act("PUT", `/snapshots/${encodeURIComponent(name)}`));
    setName("");
  };
  const exported = async () => {
    setSaid("");
    try {
      await download("/state", `accord-${namespace.get()}.json`);
      setSaid("Exported.");
    } catch (error) {
      setProblem(error.status === 404 ? "Export is not available in this mock." : error.message);
    }
  };
  const imported = async (event) => {
    const [chosen] = event.target.files;
    if (!chosen) return;
    const text = await chosen.text();
    event.target.value = "";
    await done(`The state is now that of ${chosen.name}.`, act("PUT", "/state", text));
  };
  return html`<section class="section">
    <div class="section-head"><h2>State</h2><span class="muted" role="status">${said}</span></div>
    <${Problem} text=${problem} />
    <div class="panel">
      <h3>Scenario</h3>
      <p>The default namespace begins with <strong>${health.value?.scenario ?? "…"}</strong>. A reset brings back what the namespace began with; snapshots stay.</p>
      <div class="actions"><${Sure} label="Reset" sure="Reset all data" onSure=${() => done("Begun again.", act("POST", "/reset"))} /></div>
    </div>
    <form class="panel" onSubmit=${keep}>
      <h3>Snapshots</h3>
      ${listOf(value).length
        ? html`<ul class="items">
            ${listOf(value).map(
              (one) => html`<li key=${one}>
                <span class="items-name">${one}</span>
                <button type="button" class="button small" onClick=${() => done(`Back at ${one}.`, act("POST", `/snapshots/${encodeURIComponent(one)}/restore`))}>Restore</button>
                <${Sure} label="Delete" kind="small" onSure=${() => act("DELETE", `/snapshots/${encodeURIComponent(one)}`)} />
              </li>`,
            )}
          </ul>`
        : html`<p class="none">No snapshots. Keep one before a test that changes a lot.</p>`}
      <div class="actions">
        <${Field} label="Name"><input required pattern="[A-Za-z0-9][A-Za-z0-9._~\\-]*" maxlength="100" value=${name} onInput=${(event) => setName(event.target.value)} /><//>
        <button class="button primary bottom">Keep</button>
      </div>
    </form>
    <div class="panel">
      <h3>Export and import</h3>
      <p>The whole state as JSON. An export is also a scenario file: <code>accord mock --scenario FILE</code>.</p>
      <div class="actions">
        <button type="button" class="button" onClick=${exported}>Export</button>
        <input ref=${file} type="file" accept=".json,application/json" class="hidden" tabindex="-1" aria-hidden="true" onChange=${imported} />
        <button type="button" class="button" onClick=${() => file.current.click()}>Import</button>
      </div>
    </div>
  </section>`;
}
