// Filters and draws what altools.report computed. Knows no statistics but Holm's step over the pairs on show.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const look = Object.fromEntries(data.strategies.map((s) => [s.name, s]));
const unique = (items) => [...new Set(items)];
const narrow = () => window.innerWidth <= 800; // no room for a legend: the chips above carry the colours
const state = { sort: "value" };

// ---- state: the choice on the page, mirrored in the address

function placesOf(dataset) { return data.places.filter((p) => p.dataset === dataset); }
function place() { return data.places.find((p) => p.dataset === state.dataset && p.setting === state.setting); }
function metric() { return data.metrics.find((m) => m.name === state.metric); }
const NOTHING = { curves: {}, areas: {}, tests: {}, pairs: {}, gain: {}, detectable: {}, savings: null, spent: null, reference: {} };
function here() { return data.results[state.metric][`${state.dataset}|${state.setting}`] || NOTHING; } // a metric of other datasets

function present() { return data.strategies.filter((s) => here().curves[s.name]).map((s) => s.name); }
function shown() { return present().filter((name) => !state.hidden.has(name)); }

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const pick = (value, known) => (known.includes(value) ? value : known[0]);
  state.dataset = pick(wanted.get("dataset"), unique(data.places.map((p) => p.dataset)));
  state.setting = pick(wanted.get("setting"), placesOf(state.dataset).map((p) => p.setting));
  state.metric = pick(wanted.get("metric"), data.metrics.map((m) => m.name));
  const budgets = place().labels.map(String);
  state.labels = pick(wanted.get("labels"), [lastChoice(), ...budgets, "area"]);
  state.measure = pick(wanted.get("measure"), data.measures.map((m) => m.name));
  const only = wanted.get("strategies");
  const keep = only === null ? null : only.split(",");
  state.hidden = new Set(keep ? data.strategies.map((s) => s.name).filter((name) => !keep.includes(name)) : []);
}

// The largest budget that leaves a choice: with every label known all strategies have the same model.
function lastChoice() {
  const every = here().reference.labels;
  const open = place().labels.filter((labels) => !known(every) || labels < every);
  return String((open.length ? open : place().labels).slice(-1)[0]);
}

function writeAddress() {
  const parts = { dataset: state.dataset, setting: state.setting, metric: state.metric, labels: state.labels, measure: state.measure };
  if (state.hidden.size) parts.strategies = data.strategies.map((s) => s.name).filter((n) => !state.hidden.has(n)).join(",");
  const query = Object.entries(parts).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  history.replaceState(null, "", `#${query.replace(/%2C/g, ",")}`);
}

// ---- words

const known = (value) => typeof value === "number" && Number.isFinite(value);
const count = (value) => value.toLocaleString("en-US");
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
function value(number) {
  if (!known(number)) return "–";
  return metric().share ? `${(100 * number).toFixed(1)} %` : number.toFixed(3);
}
function difference(number) {
  if (!known(number)) return "–";
  const scaled = metric().share ? (100 * number).toFixed(1) : number.toFixed(3);
  return (number > 0 ? "+" : "") + scaled.replace("-", "−");
}
function range(low, high, write) { return known(low) && known(high) ? `[${write(low)}, ${write(high)}]` : ""; }
function pValue(p) { return !known(p) ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3); }
function seconds(s) {
  if (!known(s)) return "unknown";
  if (s > 0 && s < 0.1) return `${(1000 * s).toFixed(s < 0.01 ? 1 : 0)} ms`;
  return s < 120 ? `${s.toFixed(s < 10 ? 1 : 0)} s` : s < 7200 ? `${(s / 60).toFixed(1)} min` : `${(s / 3600).toFixed(1)} h`;
}
function per100(share) { return known(share) ? `${(100 * share).toFixed(0)} %`.replace("-", "−") : "–"; }
function where() { return state.labels === "area" ? "over the whole curve" : `with ${count(+state.labels)} labels`; }
function listed(names) { return names.map((name) => look[name].title).join(", "); }

// ---- numbers of one strategy at the chosen budget

function at(name) {
  if (state.labels === "area") return pickRow(here().areas[name], 0);
  const curve = here().curves[name];
  return pickRow(curve, curve ? curve.labels.indexOf(+state.labels) : -1);
}
function pickRow(columns, row) {
  if (!columns || row < 0) return { mean: null, low: null, high: null, n: 0, note: "no value here" };
  return Object.fromEntries(Object.keys(columns).map((key) => [key, columns[key][row]]));
}
function rowOf(table, name) { return ((table || {})[state.labels] || []).find((row) => row.strategy === name) || {}; }
function spentAt(name) {
  const spent = here().spent && here().spent[name];
  if (!spent) return {};
  const row = state.labels === "area" ? spent.labels.length - 1 : spent.labels.indexOf(+state.labels);
  return pickRow(spent, row);
}
function between(one, other) {
  const rows = (here().pairs[state.labels] || []);
  const found = rows.find((row) => row.strategy === one && row.opponent === other);
  if (found) return found;
  const back = rows.find((row) => row.strategy === other && row.opponent === one);
  if (!back) return {};
  const minus = (x) => (known(x) ? -x : x);
  return { n: back.n, p: back.p, difference: minus(back.difference), low: minus(back.high), high: minus(back.low) };
}
function holm(tests) {
  const order = tests.filter((t) => known(t.p)).sort((a, b) => a.p - b.p);
  let least = 0;
  order.forEach((test, place) => { least = Math.max(least, Math.min(1, (order.length - place) * test.p)); test.holm = least; });
  return tests;
}
function ranked() {
  const height = (name) => { const mean = at(name).mean; return known(mean) ? mean * metric().direction : -Infinity; };
  return shown().sort((a, b) => height(b) - height(a));
}

// ---- the answer in words

function drawAnswer() {
  const order = ranked().filter((name) => known(at(name).mean));
  byId("question").textContent = `Which strategy on ${state.dataset} (${place().setting_title}) ${where()}?`;
  if (!order.length) {
    byId("use").textContent = "No strategy on show has a value here.";
    byId("sure").textContent = byId("price").textContent = "–";
    return;
  }
  const [best] = order;
  const top = at(best);
  if (order.length > 1 && order.every((name) => at(name).mean === top.mean)) {
    byId("use").textContent = `All the same here: ${metric().title} ${value(top.mean)} of every strategy on show.`;
    byId("sure").textContent = "Nothing to choose between; compare at another number of labels.";
    byId("price").textContent = "–";
    return;
  }
  byId("use").textContent = `${look[best].title}: ${metric().title} ${value(top.mean)} ` +
    `${range(top.low, top.high, value)}, ${order.length > 1 ? "the best" : "the only"} mean of ` +
    `${plural(order.length, "strategy").replace("strategys", "strategies")} on show, over ${plural(top.n, "seed")}.`;
  byId("sure").textContent = sure(best, order);
  byId("price").textContent = price(best);
}

function sure(best, order) {
  const tests = holm(order.slice(1).map((name) => ({ name, ...between(best, name) })));
  const said = [];
  const beaten = tests.filter((t) => known(t.holm) && t.holm < 0.05).map((t) => t.name);
  const open = tests.filter((t) => known(t.holm) && t.holm >= 0.05).map((t) => t.name);
  const untested = tests.filter((t) => !known(t.holm)).map((t) => t.name);
  if (beaten.length) said.push(`Better than ${listed(beaten)} (paired tests, Holm-corrected p < 0.05).`);
  if (open.length) said.push(`Not distinguishable from ${listed(open)}: these may be as good.`);
  if (untested.length) said.push(`No test against ${listed(untested)} (one seed, no common seeds, or equal values).`);
  const base = tests.find((t) => t.name === data.baseline);
  if (base && known(base.difference)) {
    const unit = metric().share ? " points" : "";
    said.push(`Against ${look[data.baseline].title.toLowerCase()}: ${difference(base.difference)}${unit} ` +
      `${range(base.low, base.high, difference)}.`);
  }
  const seeds = ((here().detectable || {})[state.labels] || [{}])[0];
  if (known(seeds.smallest_significant) && seeds.smallest_significant > 0 && seeds.n > 1) {
    const least = metric().share ? `${(100 * seeds.smallest_significant).toFixed(1)} points` : seeds.smallest_significant.toFixed(3);
    said.push(`With ${plural(seeds.n, "seed")}, and at the scatter of all strategies, a single test against ${look[data.baseline].title.toLowerCase()} needs a difference of about ${least}.`);
  } else if (place().seeds.length < 2) {
    said.push("With one seed no difference can be told from chance.");
  }
  return said.join(" ") || "Nothing to compare with.";
}

function price(best) {
  const own = spentAt(best);
  if (!known(own.total_s)) return "Seconds unknown.";
  const base = spentAt(data.baseline);
  const compared = best !== data.baseline && known(base.total_s)
    ? ` (${look[data.baseline].title.toLowerCase()}: ${seconds(base.total_s)})` : "";
  return `${seconds(own.total_s)} of computing per run${compared}, of it ${seconds(own.query_s)} for querying.`;
}

// ---- figures

const config = { responsive: true, displaylogo: false, displayModeBar: false };
const font = { family: 'system-ui, "DejaVu Sans", sans-serif', size: 12, color: "#1f2328" };
function layout(more) {
  const axis = { gridcolor: "#e8ebee", zeroline: false, linecolor: "#8c959f", ticks: "outside", automargin: true };
  const base = { font, margin: { l: 8, r: 12, t: 8, b: 8 }, paper_bgcolor: "white", plot_bgcolor: "white", showlegend: false,
    legend: { x: 1.01, y: 1 } };
  return { ...base, ...more, xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis } };
}
const valueAxis = () => ({ title: { text: metric().title }, tickformat: metric().share ? ".1~%" : "" });
function line(name) {
  const s = look[name];
  return { name: s.title, mode: "lines+markers", line: { color: s.color, dash: s.dash, width: name === data.baseline ? 3 : 2 },
    marker: { color: s.color, symbol: s.symbol, size: 7, line: { color: s.color, width: s.symbol.includes("thin") ? 2 : 0 } } };
}

function drawCurves() {
  const order = ranked();
  const few = order.length <= 6;
  const traces = order.map((name) => {
    const c = here().curves[name];
    const text = c.mean.map((mean, i) => `<b>${look[name].title}</b><br>${count(c.labels[i])} labels: ${value(mean)}<br>` +
      `${range(c.low[i], c.high[i], value) || "no interval"}, n = ${c.n[i]}${c.note[i] ? `<br>${c.note[i]}` : ""}`);
    const bar = (end, sign) => c.mean.map((mean, i) => (known(end[i]) && known(mean) ? sign * (end[i] - mean) : 0));
    return { ...line(name), x: c.labels, y: c.mean, text, hovertemplate: "%{text}<extra></extra>",
      error_y: { type: "data", symmetric: false, array: bar(c.high, 1), arrayminus: bar(c.low, -1), visible: few,
        color: look[name].color, thickness: 1, width: 2 } };
  });
  const top = here().reference.value;
  const labels = here().reference.labels;
  const shapes = known(top) ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: top, y1: top, line: { color: "#444", width: 1, dash: "dash" } }] : [];
  if (state.labels !== "area") shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: +state.labels, x1: +state.labels, line: { color: "#c9d1d9", width: 6 }, layer: "below" });
  const annotations = known(top) ? [{ xref: "paper", x: 0, y: top, yanchor: "bottom", xanchor: "left", showarrow: false, text: `all ${count(labels)} labels: ${value(top)}`, font: { size: 11, color: "#444" } }] : [];
  Plotly.react("curves", traces, layout({ showlegend: !narrow(), shapes, annotations, hovermode: "closest",
    xaxis: { title: { text: "Labelled images" }, tickformat: ",d" }, yaxis: valueAxis() }), config);
  byId("curves-caption").textContent = `Mean over ${plural(place().seeds.length, "seed")}` +
    (few ? `, bars are ${per100(data.confidence)} t intervals over seeds.` : `; choose six strategies or fewer to see the intervals, or hover.`);
}

function drawDifferences() {
  const base = look[data.baseline] ? look[data.baseline].title.toLowerCase() : data.baseline;
  byId("differences-title").textContent = `Difference to ${base} ${where()}`;
  const rows = shown().filter((name) => name !== data.baseline).map((name) => ({ name, ...rowOf(here().tests, name) }))
    .sort((a, b) => (known(a.difference) ? a.difference : -9) * metric().direction - (known(b.difference) ? b.difference : -9) * metric().direction);
  const scale = metric().share ? 100 : 1;
  const traces = rows.map((row) => {
    const color = look[row.name].color;
    const open = !(known(row.p_holm) && row.p_holm < 0.05);
    const text = `<b>${look[row.name].title}</b><br>${difference(row.difference)} ${range(row.low, row.high, difference)}<br>` +
      `p = ${pValue(row.p_holm)} (Holm), ${plural(row.n || 0, "pair")}${row.note ? `<br>${row.note}` : ""}`;
    return { x: [known(row.difference) ? row.difference * scale : null], y: [look[row.name].title], mode: "markers", text: [text], hovertemplate: "%{text}<extra></extra>",
      marker: { size: 10, color: open ? "white" : color, line: { color, width: 2 } },
      error_x: { type: "data", symmetric: false, array: [known(row.high) ? (row.high - row.difference) * scale : 0],
        arrayminus: [known(row.low) ? (row.difference - row.low) * scale : 0], color, thickness: 2, width: 0 } };
  });
  const shapes = [{ type: "line", yref: "paper", x0: 0, x1: 0, y0: 0, y1: 1, line: { color: "#1f2328", width: 1 } }];
  const unit = metric().share ? `${metric().title} points` : metric().title;
  Plotly.react("differences", traces, layout({ shapes, hovermode: "closest", xaxis: { title: { text: unit }, tickformat: "+~r" },
    yaxis: { type: "category", ticks: "", categoryorder: "array", categoryarray: rows.map((row) => look[row.name].title) } }), config);
  byId("differences-caption").textContent = "Pairs of runs with the same seed. Full: Holm-corrected p < 0.05; hollow: may be chance.";
}

function drawSpent() {
  const traces = here().spent ? ranked().filter((name) => here().spent[name]).map((name) => {
    const s = here().spent[name], c = here().curves[name];
    const text = s.labels.map((labels, i) => `<b>${look[name].title}</b><br>${count(labels)} labels: ${value(c.mean[c.labels.indexOf(labels)])}<br>` +
      `${seconds(s.total_s[i])}, querying ${seconds(s.query_s[i])}`);
    return { ...line(name), x: s.total_s, y: s.labels.map((labels) => c.mean[c.labels.indexOf(labels)]), text, hovertemplate: "%{text}<extra></extra>" };
  }) : [];
  Plotly.react("spent", traces, layout({ hovermode: "closest", xaxis: { title: { text: "Computing so far, per run (s)" }, rangemode: "tozero" }, yaxis: valueAxis() }), config);
  byId("spent-caption").textContent = traces.length ? "Querying and training. Up and to the left is better; seconds depend on the machine." : "No seconds were recorded.";
}

function drawQueries() {
  const all = data.queries[`${state.dataset}|${state.setting}`];
  byId("queries-section").hidden = !all;
  if (!all) return;
  const measure = data.measures.find((m) => m.name === state.measure);
  const found = all[measure.name] || {};
  const write = (x) => (!known(x) ? "–" : measure.share ? `${(100 * x).toFixed(0)} %` : x.toFixed(2));
  const traces = ranked().filter((name) => found[name]).map((name) => {
    const q = found[name];
    const text = q.labels.map((labels, i) => `<b>${look[name].title}</b><br>query up to ${count(labels)} labels: ${write(q.mean[i])}<br>` +
      `${range(q.low[i], q.high[i], write) || "no interval"}, n = ${q.n[i]}${q.note[i] ? `<br>${q.note[i]}` : ""}`);
    return { ...line(name), x: q.labels, y: q.mean, text, hovertemplate: "%{text}<extra></extra>" };
  });
  Plotly.react("queries", traces, layout({ showlegend: !narrow(), hovermode: "closest", xaxis: { title: { text: "Labelled images after the query" }, tickformat: ",d" },
    yaxis: { title: { text: measure.title }, tickformat: measure.share ? ".0%" : "", rangemode: "tozero" } }), config);
  byId("queries-caption").textContent = `${measure.meaning}. Mean over seeds. Distances are those of the model that was asked, ` +
    "in units of the mean distance of two images of its pool.";
  const rows = data.notes.filter((row) => row.dataset === state.dataset && row.setting === state.setting && !state.hidden.has(row.strategy));
  rows.sort((a, b) => b.warning - a.warning);
  const number = (x) => (Number.isInteger(x) ? count(x) : x.toPrecision(3));
  fill(byId("notes"), [["", "Strategy"], ["", "Noted"], ["", "Queries"], ["", "Median"], ["", "Range"], ["", "Meaning"]], rows.map((row) => {
    const tr = document.createElement("tr");
    if (row.warning) tr.className = "warning";
    tr.append(cell(look[row.strategy] ? look[row.strategy].title : row.strategy), cell(row.fact.replace(/_/g, " ")), cell(`${row.queries} of ${row.of}`),
      cell(known(row.median) ? number(row.median) : "–"), cell(known(row.least) ? `${number(row.least)} to ${number(row.largest)}` : row.values || "–"), cell(row.meaning, "", "note"));
    return tr;
  }));
}

// ---- tables

function cell(text, small, className) {
  const td = document.createElement("td");
  td.textContent = text;
  if (small) { const extra = document.createElement("small"); extra.textContent = ` ${small}`; td.append(extra); }
  if (className) td.className = className;
  return td;
}
function fill(table, heads, rows) {
  const head = document.createElement("tr");
  heads.forEach(([key, text]) => {
    const th = document.createElement("th");
    if (key) {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = text; button.dataset.key = key;
      if (state.sort === key) button.dataset.sorted = "";
      button.addEventListener("click", () => { state.sort = key; drawTable(); });
      th.append(button);
    } else th.textContent = text;
    if (text === "Notes" || text === "Meaning") th.className = "note";
    head.append(th);
  });
  table.replaceChildren(head, ...rows);
}

function drawTable() {
  byId("table-title").textContent = `${state.dataset}, ${place().setting_title}: all strategies ${where()}`;
  const last = (name) => (here().savings || []).find((row) => row.strategy === name && row.target === 1) || {};
  const rows = shown().map((name) => ({ name, own: at(name), test: rowOf(here().tests, name), saved: last(name), gain: rowOf(here().gain, name), spent: spentAt(name) }));
  const sign = metric().direction;
  const keys = {
    name: (r) => -data.strategies.findIndex((s) => s.name === r.name), value: (r) => r.own.mean * sign, difference: (r) => r.test.difference * sign,
    p: (r) => -r.test.p_holm, labels: (r) => -r.saved.labels, gain: (r) => r.gain.share, seconds: (r) => -r.spent.total_s,
  };
  const key = (r) => { const k = keys[state.sort](r); return Number.isFinite(k) && !(k === 0 && r.own.mean === null) ? k : -1e300; };
  rows.sort((a, b) => key(b) - key(a));
  const heads = [["name", "Strategy"], ["value", metric().title], ["difference", `To ${data.baseline}`], ["p", "p (Holm)"], ["labels", "Labels needed"], ["gain", "Reachable gain"], ["seconds", "Computing"], ["", "n"], ["", "Notes"]];
  fill(byId("table"), heads, rows.map((r) => {
    const tr = document.createElement("tr");
    tr.dataset.strategy = r.name;
    if (r.name === data.baseline) tr.className = "baseline";
    const saved = known(r.saved.saved) ? `saves ${per100(r.saved.saved)} ${range(r.saved.saved_low, r.saved.saved_high, per100)}` : "";
    const share = known(r.spent.total_s) && r.spent.total_s > 0 ? `${per100(r.spent.query_s / r.spent.total_s)} query` : "";
    const notes = unique([r.own.note, r.test.note, r.saved.note].filter(Boolean).flatMap((note) => note.split("; "))).join("; ");
    tr.append(cell(look[r.name].title), cell(value(r.own.mean), range(r.own.low, r.own.high, value)),
      cell(difference(r.test.difference), range(r.test.low, r.test.high, difference)), cell(pValue(r.test.p_holm)),
      cell(known(r.saved.labels) ? count(Math.round(r.saved.labels)) : "–", saved), cell(per100(r.gain.share), range(r.gain.low, r.gain.high, per100)),
      cell(known(r.spent.total_s) ? seconds(r.spent.total_s) : "–", share), cell(String(r.own.n)), cell(notes, "", "note"));
    return tr;
  }));
}

function drawRanks() {
  const rows = (data.results[state.metric].ranks[state.setting] || []);
  const several = rows.length > 0 && rows[0].datasets > 1;
  byId("ranks-section").hidden = !several;
  if (!several) return;
  fill(byId("ranks"), [["", "Strategy"], ["", "Mean rank"]], rows.map((row) => {
    const tr = document.createElement("tr");
    tr.append(cell(look[row.strategy].title), cell(known(row.mean_rank) ? row.mean_rank.toFixed(2) : "–"));
    return tr;
  }));
  const [first] = rows;
  byId("ranks-caption").textContent = `${metric().title}, area under the curve, ${first.datasets} datasets. ` +
    (known(first.p) ? `Friedman p ${first.p < 0.001 ? "< 0.001" : `= ${first.p.toFixed(3)}`}; mean ranks less than ${first.critical_difference.toFixed(2)} apart cannot be told apart (Nemenyi, p < ${first.alpha}). ` : "") + (first.note || "");
}

function drawHours() {
  const rows = data.hours.filter((row) => row.dataset === state.dataset && row.setting === state.setting);
  byId("hours-section").hidden = !rows.length;
  const memory = (mb) => (known(mb) ? `${count(Math.round(mb))} MB` : "–");
  const write = (h) => seconds(h * 3600);
  fill(byId("hours"), [["", "Strategy"], ["", "Runs"], ["", "Querying"], ["", "Training"], ["", "Together"], ["", "One query"], ["", "Peak of a query"], ["", "Peak of a training"], ["", "Notes"]],
    rows.map((row) => {
      const tr = document.createElement("tr");
      const title = look[row.strategy] ? look[row.strategy].title : row.strategy;
      tr.append(cell(title), cell(String(row.runs)), cell(write(row.query_h)), cell(write(row.train_h)), cell(write(row.total_h)),
        cell(known(row.query_s_per_round) ? seconds(row.query_s_per_round) : "–"), cell(memory(row.query_peak_mb)), cell(memory(row.train_peak_mb)), cell(row.note, "", "note"));
      return tr;
    }));
}

function drawSheets() {
  const sheets = data.sheets.filter((sheet) => sheet.dataset === state.dataset && sheet.setting === state.setting);
  byId("sheets-section").hidden = !sheets.length;
  byId("sheets").replaceChildren(...sheets.map((sheet) => {
    const figure = document.createElement("figure"), image = document.createElement("img"), text = document.createElement("figcaption");
    image.src = sheet.picture; image.alt = text.textContent = sheet.caption;
    figure.append(text, image);
    return figure;
  }));
}

// ---- controls

function options(select, entries, chosen) {
  select.replaceChildren(...entries.map(([key, text]) => new Option(text, key, false, key === chosen)));
}
function drawControls() {
  options(byId("dataset"), unique(data.places.map((p) => p.dataset)).map((d) => [d, d]), state.dataset);
  options(byId("setting"), placesOf(state.dataset).map((p) => [p.setting, p.setting_title]), state.setting);
  options(byId("metric"), data.metrics.map((m) => [m.name, m.title]), state.metric);
  options(byId("labels"), [...place().labels.map((l) => [String(l), `${count(l)} labels`]), ["area", "whole curve (area)"]], state.labels);
  options(byId("measure"), data.measures.map((m) => [m.name, m.title]), state.measure);
  byId("chips").replaceChildren(...present().map((name) => {
    const chip = document.createElement("label"), box = document.createElement("input"), swatch = document.createElement("i");
    box.type = "checkbox"; box.checked = !state.hidden.has(name); box.value = name;
    swatch.style.borderTopColor = look[name].color;
    swatch.style.borderTopStyle = look[name].dash === "dash" ? "dashed" : "solid";
    chip.className = box.checked ? "chip" : "chip off";
    chip.append(box, swatch, look[name].title);
    box.addEventListener("change", () => { box.checked ? state.hidden.delete(name) : state.hidden.add(name); draw(); });
    return chip;
  }));
}
function draw() {
  writeAddress();
  drawControls();
  drawAnswer(); drawCurves(); drawDifferences(); drawSpent(); drawQueries(); drawTable(); drawRanks(); drawHours(); drawSheets();
  document.body.dataset.ready = "yes";
}
function choose(key) {
  return (event) => {
    state[key] = event.target.value;
    if (key === "dataset" && !placesOf(state.dataset).some((p) => p.setting === state.setting)) state.setting = placesOf(state.dataset)[0].setting;
    const budgets = place().labels.map(String);
    if (state.labels !== "area" && !budgets.includes(state.labels)) state.labels = lastChoice();
    draw();
  };
}

["dataset", "setting", "metric", "labels", "measure"].forEach((key) => byId(key).addEventListener("change", choose(key)));
byId("all").addEventListener("click", () => { state.hidden.clear(); draw(); });
byId("none").addEventListener("click", () => { state.hidden = new Set(data.strategies.map((s) => s.name)); draw(); });
window.addEventListener("hashchange", () => { readAddress(); draw(); });
window.matchMedia("(max-width: 800px)").addEventListener("change", draw);
readAddress();
draw();
