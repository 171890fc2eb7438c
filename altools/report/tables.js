// The tables, and the images that were asked for.

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
