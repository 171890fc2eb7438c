// The answer in words.

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
