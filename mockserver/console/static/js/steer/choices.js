// The points that the vendor's documentation leaves open, as switches.

import { html, useState } from "../lib.js";
import { Empty, NotHere, Problem, Segments, Sure } from "../parts.js";
import { route } from "../route.js";
import { useResource } from "./resource.js";

export function Choices({ contract }) {
  const { value, problem, act } = useResource("/choices");
  const [text, setText] = useState(route.get().parts[2] ?? "");
  const [only, setOnly] = useState("all");
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  if (value === null) return html`<${NotHere} what="Choices" />`;
  const taken = value;
  const all = Object.entries(contract.choices);
  const changed = all.filter(([name, choice]) => taken[name] !== undefined && taken[name] !== String(choice.default));
  const word = text.toLowerCase();
  const shown = (only === "changed" ? changed : all).filter(([name, choice]) => `${name} ${choice.question}`.toLowerCase().includes(word));
  const defaults = Object.fromEntries(changed.map(([name, choice]) => [name, String(choice.default)]));
  return html`<section class="section">
    <div class="section-head">
      <h2>Choices</h2>
      ${changed.length > 0 && html`<${Sure} label="Back to defaults" onSure=${() => act("PATCH", "/choices", defaults)} />`}
    </div>
    <p class="muted">Each is a point that the vendor's documentation leaves open. A server may do either, and a client has to work with each.</p>
    <${Problem} text=${problem} />
    <div class="actions">
      <input class="search narrow" type="search" placeholder="Find a choice" aria-label="Find a choice" value=${text} onInput=${(event) => setText(event.target.value)} />
      <${Segments} label="Show" options=${[["all", `All ${all.length}`], ["changed", `Changed ${changed.length}`]]} value=${only} onChange=${setOnly} />
    </div>
    ${!shown.length && html`<${Empty} title=${only === "changed" ? "Every choice is at its default" : "No choice matches"} />`}
    <ul class="choices">
      ${shown.map(([name, choice]) => html`<${Choice} key=${name} name=${name} choice=${choice} option=${taken[name] ?? String(choice.default)} onTake=${(option) => act("PATCH", "/choices", { [name]: option })} />`)}
    </ul>
  </section>`;
}

function Choice({ name, choice, option, onTake }) {
  const isDefault = option === String(choice.default);
  return html`<li class="choice">
    <div>
      <p class="choice-question">${choice.question}</p>
      <p class="muted"><code>${name}</code>${!isDefault && html` <span class="changed">changed from ${choice.default}</span>`}</p>
    </div>
    <div class="choice-options">
      <${Segments} label=${choice.question} options=${Object.keys(choice.options)} value=${option} onChange=${onTake} />
      <p class="muted">${choice.options[option]}</p>
    </div>
  </li>`;
}
