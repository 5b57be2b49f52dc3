// What the bars of the chart are stacked of: answers, or the largest rows of a list.

/** The most rows of a list that have a layer of their own, and a colour each. */
const MOST_LAYERS = 7;

/** What the bars can be stacked by: a value and a text each. */
function stackings() {
  const lists = Object.entries(data.lists).filter(([, list]) => list.series && list.names.length > 1);
  return [["answer", "answer"], ...lists.map(([id, list]) => [id, list.singular])];
}

/** The layers from the bottom to the top, each with its requests by bar. */
function layersOf(stacking) {
  const { layers } = data.chart;
  if (stacking === "answer") return layers;
  const list = data.lists[stacking];
  const largest = Object.entries(list.series).slice(0, MOST_LAYERS).map(([place, series], index) =>
    ({ css: `g${index}`, label: list.names[place], requests: series.map((requests) => requests ?? 0) }));
  const sums = (of) => layers[0].requests.map((_, bar) => of.reduce((sum, layer) => sum + layer.requests[bar], 0));
  const [all, shown] = [sums(layers), sums(largest)];
  const others = all.map((requests, bar) => Math.max(requests - shown[bar], 0));
  return others.some((requests) => requests > 0) ? [...largest, { css: "c0", label: "others", requests: others }] : largest;
}
