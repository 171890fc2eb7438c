// How numbers read.

const known = (value) => typeof value === "number" && Number.isFinite(value);
const count = (value) => value.toLocaleString("en-US");
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
function value(number) {
  if (!known(number)) return "–";
  return (metric().share ? `${(100 * number).toFixed(1)} %` : number.toFixed(3)).replace("-", "−");
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
