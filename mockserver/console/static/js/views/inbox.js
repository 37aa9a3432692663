// The inbox: conversations of each organisation as an agent sees them, and what an agent does with them.

import { classes, html, useEffect, useMedia, usePolling, useRef, useShortcuts, useState, useStore } from "../lib.js";
import { Refused, controlIfThere } from "../api.js";
import { ago, counted } from "../format.js";
import { Empty, NotHere, Problem, Select } from "../parts.js";
import { go, linkTo, route } from "../route.js";
import { Thread } from "./thread.js";

const PAGE = 50;

export function Inbox({ contract }) {
  const { parts, query } = useStore(route);
  const [search, setSearch] = useState({ organisation: query.get("organisation") ?? "", status: "", q: "", limit: PAGE });
  const [found, setFound] = useState(undefined);
  const [problem, setProblem] = useState("");
  const seen = useRef("");
  const wide = useMedia("(min-width: 1000px)");
  const id = parts[0] ?? "";
  const read = async () => {
    const parameters = new URLSearchParams(Object.entries(search).filter(([, value]) => value !== ""));
    try {
      const page = await controlIfThere("GET", `/conversations?${parameters}`);
      const text = JSON.stringify(page);
      if (text !== seen.current) setFound(page);
      seen.current = text;
      setProblem("");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setProblem(error.message);
    }
  };
  usePolling(read, 1000, [JSON.stringify(search)]);
  useShortcuts({ Escape: () => id && go(["inbox"]), "/": () => document.querySelector(".search")?.focus() });
  const set = (change) => setSearch({ ...search, limit: PAGE, ...change });
  if (found === null) return html`<${NotHere} what="Inbox" />`;
  const statuses = contract.document.components?.schemas?.Status?.enum ?? statusesOf(contract);
  return html`<div class=${id && wide ? "split" : "whole"}>
    ${(wide || !id) &&
    html`<section class="list" aria-label="Conversations">
      <div class="bar">
        <input class="search grow-1" type="search" placeholder="Search subject, requester, #number" aria-label="Search subject, requester, number" value=${search.q} onInput=${(event) => set({ q: event.target.value })} />
        <div class="selects">
          <${Select} aria-label="Organisation" options=${found?.organisations ?? []} value=${found?.organisation ?? ""} onChange=${(organisation) => set({ organisation })} />
          <${Select} aria-label="Status" options=${[["", "every status"], ...statuses]} value=${search.status} onChange=${(status) => set({ status })} />
        </div>
      </div>
      <${Problem} text=${problem} />
      <div class="grow">
        ${found && !found.results.length && html`<${Empty} title=${search.q || search.status ? "No conversation matches" : "No conversations yet"}><p>What clients create shows up here.</p><//>`}
        <ul class="conversations">
          ${found?.results.map((one) => html`<${Line} key=${one.id} conversation=${one} chosen=${one.id === id} />`)}
        </ul>
        ${found && found.results.length < found.count && html`<p class="more"><button type="button" class="button" onClick=${() => set({ limit: Math.min(200, search.limit + PAGE) })} disabled=${search.limit >= 200}>Show more</button></p>`}
      </div>
      <div class="foot" role="status">${found && counted(found.count, "conversation")}</div>
    </section>`}
    ${id
      ? html`<${Thread} key=${id} id=${id} contract=${contract} statuses=${statuses} onChange=${read} onClose=${() => go(["inbox"])} />`
      : null}
  </div>`;
}

/** The documented statuses, from wherever the contract has them. */
function statusesOf(contract) {
  for (const schema of Object.values(contract.document.components?.schemas ?? {})) {
    const found = schema.properties?.status?.enum;
    if (found?.length > 1) return found;
  }
  return ["open", "pending", "resolved", "closed"];
}

function Line({ conversation, chosen }) {
  const place = useRef(null);
  useEffect(() => {
    if (chosen) place.current.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const { requester } = conversation;
  return html`<li ref=${place}>
    <a class=${classes("conversation", chosen && "chosen")} href=${linkTo("inbox", conversation.id)} aria-current=${chosen ? "true" : null}>
      <span class="conversation-subject">${conversation.subject}</span>
      <span class="muted conversation-time">${ago(conversation.updated_at)}</span>
      <span class="muted conversation-who">#${conversation.number} ${nameOf(requester)}</span>
      <span class="conversation-marks">${conversation.priority !== "normal" && html`<span class=${`mark-${conversation.priority}`}>${conversation.priority}</span>`}<span class=${`state state-${conversation.status}`}>${conversation.status}</span></span>
    </a>
  </li>`;
}

/** What to call a requester. */
export function nameOf(requester) {
  const name = [requester?.first_name, requester?.last_name].filter(Boolean).join(" ");
  return name || requester?.email || "Anonymous";
}
