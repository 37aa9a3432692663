// The keys of the shown namespace: their names and tiers, and whole where they are ready-made and public.

import { controlIfThere, namespace } from "./api.js";
import { store } from "./lib.js";

const TIERS = { bnc_sv_: "server", bnc_cl_: "client" };
/** The name of a key that the namespace does not have. */
export const UNKNOWN = "unknown key";

const READY_MADE = ["server", "client", "revoked", "origin_client", "bundle_client", "other_server"];

/** Keys as `{name, tier, organisation, revoked, shown, whole}`; `whole` is null for those that are not public. */
export const keys = store([]);

/** Keys that the page itself was told whole: those that it created. */
const created = new Map();

export async function loadKeys() {
  const name = namespace.get();
  const [listed, made] = await Promise.all([
    controlIfThere("GET", "/keys"),
    controlIfThere("GET", `/namespaces/${encodeURIComponent(name)}`),
  ]);
  if (name !== namespace.get()) return;
  const public_ = made?.keys ?? {};
  const found = (listed?.results ?? READY_MADE.filter((key) => public_[key]).map((key) => ({ name: key }))).map((key) => {
    const told = key.key?.includes("…") ? null : key.key;
    const whole = told ?? created.get(`${name} ${key.name}`) ?? (READY_MADE.includes(key.name) ? public_[key.name] : null) ?? null;
    return {
      origins: [],
      bundle_ids: [],
      ...key,
      tier: key.tier ?? tierOf(whole ?? key.key ?? ""),
      revoked: key.revoked ?? key.name === "revoked",
      shown: shortened(whole ?? key.key ?? ""),
      whole,
    };
  });
  keys.set(found);
}

export function remember(name, whole) {
  created.set(`${namespace.get()} ${name}`, whole);
}

/** The name and tier of the key that an exchange carried; both empty if it carried none. */
export function keyOf(entry) {
  if (entry.key) return entry.key;
  const sent = sentKey(entry.request.headers);
  return { name: sent ? UNKNOWN : "", tier: "" };
}

/** The key in a request's headers, shortened as the journal has it; empty if there is none. */
export function sentKey(headers) {
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === "x-api-key" && value) return value;
    if (name.toLowerCase() === "authorization") return value.replace(/^\S+\s+/, "");
  }
  return "";
}

export function tierOf(key) {
  return TIERS[key.slice(0, 7)] ?? "";
}

export function shortened(key) {
  return key.length >= 16 ? `${TIERS[key.slice(0, 7)] ? key.slice(0, 7) : ""}…${key.slice(-4)}` : key;
}
