// The list of requests: as many rows as fit, whatever the number of requests, and still in its place when new ones come.

import { classes, html, useCallback, useEffect, useLayoutEffect, useMedia, useMemo, useRef, useState } from "../lib.js";
import { clockTime, duration } from "../format.js";
import { Status } from "../parts.js";
import { keyName } from "./filters.js";

// Rows beyond what is seen, and how many rows a scroll goes before others are made.
const BEYOND = 6;
const STRIDE = 4;

export function List({ lines, chosen, onOpen, filter }) {
  const narrow = useMedia("(max-width: 699px)");
  const height = narrow ? 46 : 26;
  const place = useRef(null);
  const first = useRef(null);
  const [view, setView] = useState({ begin: 0, rows: 40 });
  const [active, setActive] = useState(chosen);
  // The same function for all that the list lives, so that rows which are the same need not be made again.
  const latestOpen = useRef(onOpen);
  latestOpen.current = onOpen;
  const open = useCallback((line) => latestOpen.current(line), []);

  useEffect(() => {
    const element = place.current;
    const measure = () => {
      const stride = Math.floor(element.scrollTop / height / STRIDE);
      const next = { begin: Math.max(0, stride * STRIDE - BEYOND), rows: Math.ceil(element.clientHeight / height) };
      setView((known) => (known.begin === next.begin && known.rows === next.rows ? known : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [height]);

  // Whoever has scrolled down reads: what comes above must not move that.
  useLayoutEffect(() => {
    const element = place.current;
    const before = first.current;
    if (before && before.filter === filter && element.scrollTop > 0) {
      const moved = lines.indexOf(before.line);
      if (moved > 0) element.scrollTop += moved * height;
    }
    first.current = lines.length ? { line: lines[0], filter } : null;
  }, [lines, height, filter]);
  // Before anything else is pressed, which may scroll.
  useLayoutEffect(() => {
    place.current.scrollTop = 0;
  }, [filter]);
  useEffect(() => setActive(chosen || active), [chosen]);

  const { begin } = view;
  const size = view.rows + STRIDE + 2 * BEYOND;
  const shown = placed(lines, begin, size, height);
  const at = useMemo(() => lines.findIndex((line) => line.id === active), [lines, active]);
  const move = (to) => {
    const next = Math.max(0, Math.min(lines.length - 1, to));
    const element = place.current;
    setActive(lines[next].id);
    if (next * height < element.scrollTop) element.scrollTop = next * height;
    else if ((next + 1) * height > element.scrollTop + element.clientHeight) element.scrollTop = (next + 1) * height - element.clientHeight;
    if (chosen) onOpen(lines[next]);
  };
  const press = (event) => {
    const page = Math.max(1, view.rows - 2);
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -lines.length, End: lines.length };
    if (event.key in steps) move(at + steps[event.key]);
    else if (event.key === "Enter" && at >= 0) onOpen(lines[at]);
    else return;
    event.preventDefault();
  };
  return html`<div class="columns" aria-hidden="true">
      <span>Time</span><span>Method</span><span>Operation</span><span>Status</span><span class="number">Took</span><span>Key</span><span>Decided by</span>
    </div>
    <div
      class="rows grow"
      ref=${place}
      tabindex="0"
      role="listbox"
      aria-label="Requests, newest first"
      aria-activedescendant=${at >= begin && at < begin + size ? `row-${lines[at].id}` : null}
      onKeyDown=${press}
    >
      <div class="rows-space" style=${{ height: `${lines.length * height}px` }} role="presentation">
        ${shown.map(
          ({ slot, line, index, bottom }) =>
            html`<${narrow ? NarrowRow : Row}
              key=${slot}
              line=${line}
              bottom=${bottom}
              position=${index + 1}
              total=${lines.length}
              chosen=${line.id === chosen}
              active=${line.id === active}
              onOpen=${open}
            />`,
        )}
      </div>
    </div>`;
}

/** Return the rows that are made, each in a slot of which there are `size`: a row that scrolls out gives its elements to one that
 * scrolls in. Slots and places are counted from the oldest line, so that a new one moves none. */
function placed(lines, begin, size, height) {
  const slots = [];
  for (let index = begin; index < Math.min(lines.length, begin + size); index++) {
    const older = lines.length - 1 - index;
    slots.push({ slot: older % size, line: lines[index], index, bottom: older * height });
  }
  return slots.sort((one, other) => other.slot - one.slot);
}

function row(content) {
  return ({ line, bottom, position, total, chosen, active, onOpen }) => {
    // What is in it never changes, so that it is compared only once.
    const inside = useMemo(() => content(line), [line]);
    return html`<div
      id=${`row-${line.id}`}
      style=${{ bottom: `${bottom}px` }}
      class=${classes("row", chosen && "chosen", active && "active")}
      role="option"
      aria-selected=${chosen}
      aria-posinset=${position}
      aria-setsize=${total}
      onClick=${() => onOpen(line)}
    >
      ${inside}
    </div>`;
  };
}

const Row = row(
  (line) => html`<span class="mono muted">${clockTime(line.at)}</span>
    <span class="mono">${line.method}</span>
    <span class="row-what"><span class="row-operation">${line.operation || "—"}</span> <span class="mono muted">${line.path}</span></span>
    <span><${Status} status=${line.status} /></span>
    <span class="mono number muted">${duration(line.milliseconds)}</span>
    <span class="row-key"><${Key} line=${line} /></span>
    <span class="mono row-decided">${decision(line)}</span>`,
);

const NarrowRow = row(
  (line) => html`<span class="row-line"
      ><${Status} status=${line.status} /><span class="mono">${line.method}</span><span class="row-operation">${line.operation || line.path}</span
      ><span class="mono muted row-time">${clockTime(line.at).slice(0, 8)}</span></span
    >
    <span class="row-line small muted"><span class="row-what">${line.reason || line.path}</span><span class="row-time">${keyName(line)}</span></span>`,
);

function Key({ line }) {
  return html`${keyName(line)}${line.tier && line.tier !== line.key && html` <span class="muted">${line.tier}</span>`}`;
}

function decision(line) {
  return line.fault && line.fault !== line.decided ? `${line.decided} fault ${line.fault}`.trim() : line.kind === "fault" ? `fault ${line.decided}` : line.decided;
}
