// Filters and draws what altools.report computed. Knows no statistics but Holm's step over the pairs on show.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const look = Object.fromEntries(data.strategies.map((s) => [s.name, s]));
const unique = (items) => [...new Set(items)];
const narrow = () => window.innerWidth <= 800; // no room for a legend: the chips above carry the colours
const state = { sort: "value" };

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
