// What the mock is and does, and how to change it: a section for each part of the control API.

import { html, useCurrentInSight, useEffect, useStore } from "../lib.js";
import { go, linkTo, route } from "../route.js";
import { Choices } from "../steer/choices.js";
import { Clock } from "../steer/clock.js";
import { Faults } from "../steer/faults.js";
import { Keys } from "../steer/keys.js";
import { Namespaces } from "../steer/namespaces.js";
import { State } from "../steer/state.js";
import { Webhooks } from "../steer/webhooks.js";

const SECTIONS = [
  ["faults", "Faults", Faults],
  ["state", "State", State],
  ["clock", "Clock", Clock],
  ["webhooks", "Webhooks", Webhooks],
  ["choices", "Choices", Choices],
  ["keys", "Keys", Keys],
  ["namespaces", "Namespaces", Namespaces],
];

export function Steer({ contract }) {
  const { parts } = useStore(route);
  const found = SECTIONS.find(([name]) => name === parts[0]);
  useEffect(() => {
    if (!found) go(["steer", SECTIONS[0][0]], { replace: true });
  }, [parts[0]]);
  const links = useCurrentInSight(parts[0]);
  const [, , Section] = found ?? SECTIONS[0];
  return html`<div class="sided">
    <nav class="side" aria-label="Steer" ref=${links}>
      ${SECTIONS.map(
        ([name, label]) => html`<a key=${name} href=${linkTo("steer", name)} aria-current=${name === (found ?? SECTIONS[0])[0] ? "page" : null}>${label}</a>`,
      )}
    </nav>
    <div class="content grow"><${Section} contract=${contract} /></div>
  </div>`;
}
