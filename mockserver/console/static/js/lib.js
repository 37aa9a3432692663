// The one library, and the hooks that every view uses.

export { html, render, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback } from "../vendor/htm-preact.js";
import { useEffect, useRef, useState } from "../vendor/htm-preact.js";

/** Return an object that keeps a value and tells its listeners of each change. */
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return the value of a store, and render again with each change. */
export function useStore(source) {
  const [, again] = useState(0);
  useEffect(() => source.listen(() => again((count) => count + 1)), [source]);
  return source.get();
}

/** Do `act` now and every so many milliseconds while the page is visible, one at a time; again as soon as `again` changes. */
export function usePolling(act, milliseconds, again = []) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let timer = 0;
    let ended = false;
    const next = async () => {
      clearTimeout(timer);
      if (!document.hidden) await latest.current();
      clearTimeout(timer);
      if (!ended) timer = setTimeout(next, milliseconds);
    };
    const seen = () => !document.hidden && next();
    document.addEventListener("visibilitychange", seen);
    next();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, again);
}

/** Return whether a media query holds, and render again when that changes. */
export function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, [query]);
  return matches;
}

/** Keep the current link of a list of links in sight, which scrolls sideways on a phone. Returns the ref of the list. */
export function useCurrentInSight(current) {
  const place = useRef(null);
  useEffect(() => {
    place.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  return place;
}

/** Do what a key is for, `{key: act}`, unless something is typed or pressed together with another key. */
export function useShortcuts(acts) {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const pressed = (event) => {
      const act = latest.current[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
      if (event.key !== "Escape") event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

/** Join the names whose value is true into a class attribute. */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}
