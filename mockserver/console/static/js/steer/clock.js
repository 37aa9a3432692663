// The namespace's time: read, stopped, moved on, made faster.

import { html, useEffect, useRef, useState } from "../lib.js";
import { Field, NotHere, Problem, Segments, Select } from "../parts.js";
import { useResource } from "./resource.js";

const STEPS = [
  [1, "1 s"],
  [60, "1 min"],
  [3600, "1 h"],
  [86_400, "1 day"],
  [7 * 86_400, "1 week"],
];
const SPEEDS = ["1", "10", "60", "600", "3600"];

export function Clock() {
  const { value, problem, act } = useResource("/clock", 1000);
  const [to, setTo] = useState("");
  if (value === undefined) return html`<${Problem} text=${problem} />`;
  if (value === null) return html`<${NotHere} what="Clock" />`;
  const set = (event) => {
    event.preventDefault();
    act("PUT", "/clock", { now: to.trim() });
  };
  const speed = String(value.speed ?? 1);
  return html`<section class="section">
    <div class="section-head"><h2>Clock</h2></div>
    <p class="muted">The time of this namespace alone: of what is created, and of retries, which fire as it passes. A reset sets it right again.</p>
    <${Problem} text=${problem} />
    <div class="panel">
      <p class="clock mono"><${Running} clock=${value} /></p>
      <div class="actions">
        <${Segments} label="The clock" options=${[["runs", "Runs"], ["frozen", "Frozen"]]} value=${value.frozen ? "frozen" : "runs"} onChange=${(id) => act("PUT", "/clock", { frozen: id === "frozen" })} />
        <label class="check">Speed <${Select} options=${[...new Set([...SPEEDS, speed])].map((one) => [one, `${one} ×`])} value=${speed} onChange=${(one) => act("PUT", "/clock", { speed: Number(one) })} disabled=${value.frozen} /></label>
      </div>
      <div class="actions">
        <span>Move on by</span>
        ${STEPS.map(([seconds, label]) => html`<button key=${seconds} type="button" class="button" onClick=${() => act("POST", "/clock/advance", { seconds })}>${label}</button>`)}
      </div>
      <form class="actions" onSubmit=${set}>
        <${Field} label="Set to" hint="RFC 3339"><input class="mono" required placeholder="2030-01-01T09:00:00Z" value=${to} onInput=${(event) => setTo(event.target.value)} /><//>
        <button class="button bottom">Set</button>
      </form>
    </div>
  </section>`;
}

/** The time as it goes on between two readings. */
function Running({ clock }) {
  const read = useRef(null);
  if (read.current?.clock !== clock) read.current = { clock, at: performance.now() };
  const [, again] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => again((count) => count + 1), 250);
    return () => clearInterval(timer);
  }, []);
  const passed = clock.frozen ? 0 : (performance.now() - read.current.at) * (clock.speed ?? 1);
  const now = new Date(Date.parse(clock.now) + passed);
  return html`<time>${Number.isNaN(now.getTime()) ? clock.now : now.toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC")}</time>`;
}
