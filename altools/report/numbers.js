// Numbers of one strategy at the chosen budget.

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
