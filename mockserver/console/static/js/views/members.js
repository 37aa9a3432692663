// Members of a schema and parameters as tables: name, type with its limits, and what they are.

import { html } from "../lib.js";
import { merged, resolve } from "../contract.js";
import { counted } from "../format.js";
import { Prose } from "../parts.js";

const DEEPEST = 4;

export function Parameters({ document, parameters }) {
  return html`<div class="table-place" tabindex="0" role="region" aria-label="Parameters">
    <table class="stack">
      <thead class="hidden"><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>
      <tbody>
        ${parameters.map(
          (one) => html`<tr key=${one.name}>
            <td class="cell-name"><code>${one.name}</code><span class="muted"> ${one.in}${one.required && ", required"}</span></td>
            <td class="cell-type">${typeOf(document, one.schema)}</td>
            <td class="prose"><${Prose} text=${one.description} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

export function Members({ document, schema, label, isResponse }) {
  const rows = rowsOf(document, schema, "", 0);
  if (!rows.length) return html`<p class="none">${typeOf(document, schema)}</p>`;
  return html`<div class="table-place" tabindex="0" role="region" aria-label=${label}>
    <table class="stack">
      <thead class="hidden"><tr><th>Name</th><th>Type</th><th>Meaning</th></tr></thead>
      <tbody>
        ${rows.map(
          ({ name, schema: one, required }) => html`<tr key=${name}>
            <td class="cell-name"><code>${name}</code>${required && !isResponse && html`<span class="muted"> required</span>`}${!required && isResponse && html`<span class="muted"> optional</span>`}</td>
            <td class="cell-type">${typeOf(document, one)}</td>
            <td class="prose"><${Prose} text=${one.description} /></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function rowsOf(document, schema, prefix, depth) {
  const own = merged(document, schema);
  const variants = (own.anyOf ?? own.oneOf ?? []).map((one) => merged(document, one));
  const whole = own.properties ? own : (variants.find((one) => one.properties) ?? own);
  return Object.entries(whole.properties ?? {}).flatMap(([name, node]) => {
    const member = merged(document, node);
    const row = { name: prefix + name, schema: member, required: (whole.required ?? []).includes(name) };
    const inner = member.type === "array" ? merged(document, member.items ?? {}) : member;
    const inside = depth < DEEPEST ? rowsOf(document, inner, `${prefix}${name}${member.type === "array" ? "[]" : ""}.`, depth + 1) : [];
    return [row, ...inside];
  });
}

/** The type of a schema with its limits: `string, at most 200 characters, default normal`. */
function typeOf(document, node) {
  const schema = merged(document, node ?? {});
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants && !schema.type) return [...new Set(variants.map((one) => typeOf(document, one)))].join(" or ");
  const parts = [[schema.type ?? "any value"].flat().join(" or ")];
  if (schema.format) parts[0] += ` (${schema.format})`;
  if (schema.type === "array") parts[0] += ` of ${[resolve(document, schema.items ?? {}).type ?? "value"].flat()[0]}s`;
  if (schema.enum) parts.push(schema.enum.map(String).join(" | "));
  if (schema.const !== undefined) parts.push(`always ${schema.const}`);
  if (schema.minLength) parts.push(`at least ${counted(schema.minLength, "character")}`);
  if (schema.maxLength) parts.push(`at most ${counted(schema.maxLength, "character")}`);
  if (schema.minimum !== undefined) parts.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) parts.push(`to ${schema.maximum}`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(", ");
}
