// The controls; the last lines draw the page.

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
