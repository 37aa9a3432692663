// Two responses side by side, with the lines that differ marked.

import { classes, html } from "../lib.js";
import { duration, indented, sideBySide } from "../format.js";
import { coloured, Status } from "../parts.js";
import { linkTo } from "../route.js";

const OF_THE_MOMENT = new Set(["x-accord-request-id", "date", "content-length"]);

export function Compare({ before, after, onClose }) {
  const [left, right] = [before, after].map(({ response }) => linesOf(response));
  const rows = sideBySide(left, right);
  const differences = rows.filter(([, , same]) => !same).length;
  const isSame = before.response.status === after.response.status && !differences;
  return html`<section class="compare" aria-label="Both responses">
    <div class="compare-head">
      <h3>Sent again</h3>
      <span class="muted" role="status">${isSame ? "The responses are the same." : `${differences} lines differ.`}</span>
      <a href=${linkTo("requests", after.id)}>Open the new exchange</a>
      <button type="button" class="button small" onClick=${onClose}>Close</button>
    </div>
    <div class="compare-table" role="region" aria-label="Both responses, line by line" tabindex="0">
      <table class="mono">
        <thead>
          <tr>${[["Before", before], ["Now", after]].map(([text, one]) => html`<th key=${text} scope="col">${text} <${Status} status=${one.response.status} /> <span class="muted">${duration(one.milliseconds)}</span></th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map(
            ([one, other, same], at) => html`<tr key=${at} class=${classes(!same && "differs")}>
              ${[one, other].map((line, side) => html`<td key=${side} class=${classes(line === null && "nothing")}>${line === null ? "" : coloured(line)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function linesOf(response) {
  const headers = Object.entries(response.headers)
    .filter(([name]) => !OF_THE_MOMENT.has(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`);
  const body = response.body ?? "";
  return [...headers, "", ...(indented(body) ?? body).split("\n")];
}
