// The figures, drawn by Plotly.

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
  const better = metric().direction > 0 ? "Up" : "Down";
  byId("spent-caption").textContent = traces.length ? `Querying and training. ${better} and to the left is better; seconds depend on the machine.` : "No seconds were recorded.";
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
    tr.append(cell(look[row.strategy] ? look[row.strategy].title : row.strategy), cell(row.note.replace(/_/g, " ")), cell(`${row.queries} of ${row.of}`),
      cell(known(row.median) ? number(row.median) : "–"), cell(known(row.least) ? `${number(row.least)} to ${number(row.largest)}` : row.values || "–"), cell(row.meaning, "", "note"));
    return tr;
  }));
}
