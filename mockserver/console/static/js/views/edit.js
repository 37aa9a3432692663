// A request to be changed and sent again.

import { html, useState } from "../lib.js";
import { indented } from "../format.js";
import { Field, Problem } from "../parts.js";

const BY_THE_SENDER = new Set(["host", "content-length", "connection", "accept-encoding"]);

export function Edit({ entry, busy, onSend, onCancel }) {
  const own = Object.entries(entry.request.headers).filter(([name]) => !BY_THE_SENDER.has(name.toLowerCase()));
  const before = own.map(([name, value]) => `${name}: ${value}`).join("\n");
  const bodyBefore = indented(entry.request.body ?? "") ?? entry.request.body ?? "";
  const [headers, setHeaders] = useState(before);
  const [body, setBody] = useState(bodyBefore);
  const [problem, setProblem] = useState("");
  const send = (event) => {
    event.preventDefault();
    const changes = {};
    if (headers !== before) {
      const changed = changedHeaders(own, headers);
      if (typeof changed === "string") return setProblem(changed);
      changes.headers = changed;
    }
    if (body !== bodyBefore) changes.body = body;
    setProblem("");
    return onSend(changes);
  };
  return html`<form class="edit" onSubmit=${send}>
    <${Field} label="Headers" hint="one on each line; a shortened key is sent whole" wide>
      <textarea class="mono" rows=${Math.min(8, own.length + 1)} spellcheck=${false} value=${headers} onInput=${(event) => setHeaders(event.target.value)}></textarea>
    <//>
    <${Field} label="Body" wide>
      <textarea class="mono" rows=${Math.min(16, body.split("\n").length + 1)} spellcheck=${false} value=${body} onInput=${(event) => setBody(event.target.value)}></textarea>
    <//>
    <${Problem} text=${problem} />
    <div class="actions">
      <button class="button primary" disabled=${busy}>Send</button>
      <button type="button" class="button" onClick=${onCancel}>Cancel</button>
    </div>
  </form>`;
}

/** The headers that differ, null for those that were taken out; a sentence if a line is no header. */
function changedHeaders(own, text) {
  const before = new Map(own.map(([name, value]) => [name.toLowerCase(), value]));
  const changed = {};
  const there = new Set();
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const [, name, value] = line.match(/^([!#$%&'*+.^_`|~\w-]+)\s*:\s*(.*)$/) ?? [];
    if (!name) return `This line is no header: ${line.slice(0, 80)}. Write a name, a colon and a value.`;
    there.add(name.toLowerCase());
    if (before.get(name.toLowerCase()) !== value.trim()) changed[name] = value.trim();
  }
  for (const [name] of own) if (!there.has(name.toLowerCase())) changed[name] = null;
  return changed;
}
