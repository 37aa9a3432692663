// Errors that are the same, as one line each.

import { html } from "../lib.js";
import { ago } from "../format.js";
import { Empty, Status } from "../parts.js";

export function Groups({ groups, onShow }) {
  if (!groups.length) return html`<${Empty} title="No errors"><p>None of these requests got a status of 400 or more.</p><//>`;
  return html`<ul class="groups">
    ${groups.map(
      (group) => html`<li key=${group.id}>
        <button type="button" class="group" onClick=${() => onShow(group)}>
          <span class="number strong">${group.count} ×</span>
          <${Status} status=${group.status} />
          <span class="group-text"><span>${group.operation}</span>: <span>${group.reason || "no reason given"}</span></span>
          <span>${group.decided && html`<code class="tag">${group.decided}</code>`}</span>
          <span class="muted">${ago(new Date(group.latest.at).toISOString())} ago</span>
        </button>
      </li>`,
    )}
  </ul>`;
}
