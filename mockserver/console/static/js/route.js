// Which view the address names: `#/requests/ID`, `#/steer/faults`.

import { store } from "./lib.js";

const read = () => {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view = "", ...parts] = path.split("/").filter(Boolean).map(decoded);
  return { view: view || "requests", parts, query: new URLSearchParams(query) };
};

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = store(read());

addEventListener("hashchange", () => route.set(read()));

/** The address of a view. */
export function linkTo(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Show another view. `replace` leaves no step to go back to. */
export function go(parts, { replace = false } = {}) {
  const link = linkTo(...parts);
  if (replace) {
    history.replaceState(null, "", link);
    route.set(read());
  } else location.hash = link;
}
