"use strict";
const report = JSON.parse(document.getElementById("report").textContent);
const page = document.getElementById("page");
const SVG = "http://www.w3.org/2000/svg";
const PAGE = 100;

// Texts of rules and events only ever become text nodes and attributes.
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "rect", "path", "text", "line", "g", "title"].includes(tag);
  const element = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children.flat()) if (child !== null) element.append(child);
  return element;
}
const count = (n) => n.toLocaleString("en-US");
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;
const percent = (x) => (x === 0 ? "0 %" : x < 0.001 ? "< 0.1 %" : `${(100 * x).toFixed(x < 0.1 ? 1 : 0)} %`);
const shown = (name) => (name === "" ? "(empty name)" : name);
function size(bytes) {
  for (const unit of ["bytes", "kB", "MB", "GB"]) {
    if (bytes < 1000 || unit === "GB") return `${unit === "bytes" ? bytes : bytes.toFixed(1)} ${unit}`;
    bytes /= 1000;
  }
}
const iso = (seconds) => {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "?" : date.toISOString().replace("T", " ").slice(0, 19);
};
const moment = (seconds) => (seconds === null ? "" : iso(seconds));
function width(seconds) {
  for (const [unit, of] of [["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]])
    if (seconds % of === 0) return seconds === of ? `a ${unit}`.replace("a hour", "an hour") : `${seconds / of} ${unit}s`;
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}

function head() {
  const never = report.never_matched;
  const span = report.first === null ? "No event has a time." : `${iso(report.first)} to ${iso(report.last)} UTC`;
  page.append(make("h1", {}, report.title), make("p", { class: "span" }, span));
  const figures = [
    ["Events", count(report.events), size(report.bytes)],
    ["Matched by a rule", count(report.matched), report.events ? percent(report.matched / report.events) : ""],
    ["Rules", count(report.rules_total), `${count(report.rules_total - never)} matched`],
    ["Never matched", count(never), plural(report.absent_fields.length, "field") + " never present", never > 0],
    ["Refused", count(report.refused), report.refused ? "malformed events" : "", report.refused > 0],
  ];
  page.append(make("dl", { class: "figures" }, figures.map(([name, value, more, odd]) =>
    make("div", odd ? { class: "odd" } : {}, make("dt", {}, name), make("dd", {}, value, make("small", {}, more))))));
}

function section(id, title, note) {
  const found = make("section", { id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title));
  if (note) found.append(make("p", { class: "note" }, note));
  page.append(found);
  return found;
}

function timeline() {
  const { start, width: step, counts, before, after, without_time: without } = report.histogram;
  if (!counts.length) return;
  const far = before + after ? `; ${plural(before + after, "event")} far from the others ${before + after === 1 ? "is" : "are"} left out` : "";
  const lack = without ? `; ${plural(without, "event")} without a time` : "";
  const box = section("time", "Events over time", `A bar is ${width(step)}, in UTC${far}${lack}.`);
  box.append(chart(counts));
}

// Bars over time; with `part` those of one rule, before the bars of all events.
function chart(counts, part = null) {
  const { start, width: step } = report.histogram;
  const W = 1080, H = part ? 150 : 200, left = 46, bottom = 24, top = 8;
  const drawn = part || counts, most = Math.max(...drawn), unit = (W - left) / counts.length;
  const tall = (n) => ((H - bottom - top) * Math.min(n, most)) / most;
  const svg = make("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", class: "bars",
    "aria-label": `${part ? "Matches" : "Events"} over time: ${counts.length} bars of ${width(step)}, at most ${count(most)}` });
  for (const share of [1, 0.5]) {
    const y = H - bottom - tall(most * share);
    svg.append(make("line", { class: "grid", x1: left, x2: W, y1: y, y2: y }));
    if (Number.isInteger(most * share)) svg.append(make("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, count(most * share)));
  }
  drawn.forEach((n, i) => {
    if (!n) return;
    const told = part ? `${plural(n, "match").replace("matchs", "matches")} in ${plural(counts[i], "event")}` : plural(n, "event");
    svg.append(make("rect", { x: left + i * unit, y: H - bottom - tall(n), width: Math.max(unit - 1, 0.5), height: Math.max(tall(n), 1), rx: Math.min(2, unit / 4) },
      make("title", {}, `${iso(start + i * step)}: ${told}`)));
  });
  svg.append(make("line", { class: "grid", x1: left, x2: W, y1: H - bottom, y2: H - bottom }));
  const every = Math.max(1, Math.ceil(counts.length / 6));
  for (let i = 0; i < counts.length; i += every) {
    const text = step >= 86400 ? iso(start + i * step).slice(0, 10) : iso(start + i * step).slice(5, 16);
    if (left + i * unit < W - 60) svg.append(make("text", { x: left + i * unit, y: H - 6 }, text));
  }
  return make("div", { class: "scroll" }, svg);
}

function spark(counts) {
  const most = Math.max(...counts, 1);
  if (!counts.length) return "";
  const bars = counts.map((n, i) => (n ? `M${i} 22V${(22 - Math.max(2, (21 * n) / most)).toFixed(1)}h.85V22Z` : "")).join("");
  return make("svg", { class: "spark", viewBox: `0 0 ${counts.length} 22`, preserveAspectRatio: "none", role: "img",
    "aria-label": `over time, at most ${count(most)} a bar` }, make("path", { d: bars }));
}

function samples(list) {
  return list.flatMap((one) => [make("div", { class: "place" }, `${one.source}: line ${count(one.line)}`), make("pre", {}, one.event)]);
}

function rules() {
  const left = report.rules_total - report.rules.length;
  const box = section("rules", "Rules", "Open a rule for its matches over time, and the first events that it matched." +
    (left > 0 ? ` The ${count(report.rules.length)} with the most matches are here; the JSON report has all.` : ""));
  const search = make("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter rules by name" });
  const told = make("span", { class: "place", role: "status" });
  const body = make("tbody");
  const more = make("button", { class: "more", type: "button" });
  const columns = [["Rule", "name", ""], ["Matches", "matches", "n"], ["Share", "share", ""], ["Over time", null, "spark-cell"], ["First", "first", ""], ["Last", "last", ""]];
  let by = "matches", down = true, limit = PAGE;
  const heads = columns.map(([title, key, kind]) => {
    const inner = key === null ? title : make("button", { type: "button" }, title);
    const cell = make("th", { scope: "col", class: kind }, inner);
    if (key !== null) inner.addEventListener("click", () => {
      down = by === key ? !down : key !== "name";
      by = key;
      draw();
    });
    return [cell, key];
  });
  const compare = (a, b) => {
    const one = a[by], other = b[by];
    if (one === other) return a.number - b.number;
    if (one === null || other === null) return one === null ? 1 : -1;
    const order = typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other;
    return down ? -order : order;
  };
  report.rules.forEach((rule, number) => { rule.number = number; });
  function draw() {
    const wanted = search.value.toLowerCase();
    const found = report.rules.filter((rule) => rule.name.toLowerCase().includes(wanted)).sort(compare);
    for (const [cell, key] of heads) {
      if (key === by) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    body.replaceChildren(...found.slice(0, limit).map(row));
    told.textContent = found.length === report.rules.length ? "" : plural(found.length, "rule");
    more.hidden = found.length <= limit;
    more.textContent = `Show ${count(Math.min(PAGE, found.length - limit))} more of ${count(found.length)}`;
  }
  function row(rule) {
    const toggle = rule.samples.length
      ? make("button", { type: "button", "aria-expanded": "false" }, shown(rule.name)) : shown(rule.name);
    const line = make("tr", rule.matches ? {} : { class: "zero" },
      make("td", { class: "name" }, toggle), make("td", { class: "n" }, count(rule.matches)),
      make("td", {}, make("span", { class: "bar", "aria-hidden": "true" }, bar(rule.share)), percent(rule.share)),
      make("td", { class: "spark-cell" }, rule.matches ? spark(rule.counts) : ""),
      make("td", { class: "place" }, moment(rule.first)), make("td", { class: "place" }, moment(rule.last)));
    if (rule.samples.length) {
      let open = null;
      toggle.addEventListener("click", () => {
        if (open) open.remove();
        open = open ? null : make("tr", { class: "samples" }, make("td", { colspan: columns.length },
          rule.counts.some(Boolean) ? chart(report.histogram.counts, rule.counts) : "", samples(rule.samples)));
        if (open) line.after(open);
        line.classList.toggle("open", open !== null);
        toggle.setAttribute("aria-expanded", String(open !== null));
      });
    }
    return line;
  }
  search.addEventListener("input", () => { limit = PAGE; draw(); });
  more.addEventListener("click", () => { limit += PAGE; draw(); });
  box.append(make("div", { class: "tools" }, search, told),
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, heads.map(([cell]) => cell))), body)), more);
  draw();
}

function bar(share) {
  const inner = make("i");
  inner.style.width = `${(100 * share).toFixed(1)}%`;
  return inner;
}

function misses() {
  if (!report.never_matched) return;
  const rest = report.never_matched - report.misses.length;
  const box = section("misses", "Rules that never matched",
    "Each was tried on a random sample of the events. The field that most often failed comes first; the nearest event is the one with the fewest unmet fields." +
    (rest > 0 ? ` ${count(rest)} more are not explained.` : ""));
  for (const miss of report.misses) {
    const part = make("div", { class: "miss" }, make("h3", {}, shown(miss.rule)));
    if (miss.fields.length) {
      part.append(make("ul", {}, miss.fields.slice(0, 6).map(({ path, failed }) =>
        make("li", {}, make("code", {}, path || '""'), ` failed in ${count(failed)} of ${plural(miss.sampled, "sampled event")}`))));
    } else part.append(make("p", { class: "place" }, miss.reason));
    if (miss.nearest) {
      part.append(make("div", { class: "place" }, `nearest: ${miss.nearest.source}: line ${count(miss.nearest.line)}`),
        make("pre", {}, miss.unmet.join("\n") || miss.reason));
    }
    box.append(part);
  }
}

function absent() {
  if (!report.absent_fields.length) return;
  const box = section("absent", "Fields never present", "Rules ask for them, and no event has them.");
  box.append(make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Field"), make("th", { scope: "col", class: "n" }, "Rules"), make("th", { scope: "col" }, "Asked for by"))),
    make("tbody", {}, report.absent_fields.slice(0, 200).map((one) => make("tr", {}, make("td", { class: "name" }, make("code", {}, one.path || '""')),
      make("td", { class: "n" }, count(one.total)), make("td", { class: "name" }, one.rules.map(shown).join(", ") + (one.total > one.rules.length ? ", …" : ""))))))));
}

function overlaps() {
  if (!report.overlaps.length) return;
  const box = section("overlap", "Overlap",
    "Share of a row's matches that the column's rule matches, too: 100 % in a row means that the rule never matches alone." +
    (report.overlaps_partial ? " Some pairs that were seen least are not counted." : ""));
  const names = [...new Set(report.overlaps.flatMap((pair) => [pair.one, pair.other]))].slice(0, 14);
  const shares = new Map();
  for (const pair of report.overlaps) {
    shares.set(JSON.stringify([pair.one, pair.other]), [pair.of_one, pair.events]);
    shares.set(JSON.stringify([pair.other, pair.one]), [pair.of_other, pair.events]);
  }
  const top = make("tr", {}, make("td"), names.map((name, i) => make("th", { scope: "col", class: "top", title: name }, String(i + 1))));
  const rows = names.map((name, i) => make("tr", {}, make("th", { scope: "row", class: "name", title: name }, `${i + 1}  ${shown(name)}`),
    names.map((other) => {
      const [share, events] = shares.get(JSON.stringify([name, other])) || [0, 0];
      const cell = make("span", { class: "cell", title: name === other ? "" : `${name} and ${other}: ${plural(events, "event")}` },
        name === other ? "·" : events ? percent(share).replace(" %", "") : "");
      if (events) cell.style.background = `color-mix(in srgb, var(--main) ${Math.round(12 + 60 * share)}%, var(--card))`;
      return make("td", {}, cell);
    })));
  box.append(make("div", { class: "scroll" }, make("table", { class: "heat" }, make("thead", {}, top), make("tbody", {}, rows))));
}

function refused() {
  const odd = report.sources.filter((one) => one.refused || one.fault);
  if (!odd.length) return;
  const box = section("refused", "Refused events, and sources not read to their end");
  for (const one of odd) {
    box.append(make("p", {}, make("strong", {}, one.source), one.refused ? `: ${plural(one.refused, "event")} refused` : ""));
    if (one.fault) box.append(make("p", { class: "bad" }, one.fault));
    box.append(make("ul", { class: "plain" }, one.errors.slice(0, 5).map(({ line, byte, error }) =>
      make("li", {}, `line ${count(line)}${byte === null ? "" : `, byte ${count(byte)}`}: ${error}`))));
  }
}

for (const part of [head, timeline, rules, misses, absent, overlaps, refused]) part();
page.append(make("footer", {}, `matcher ${report.version} · ${plural(report.sources_total, "source")} · no network, nothing outside this file`));
document.body.dataset.ready = "yes";
