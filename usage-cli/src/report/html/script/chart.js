// The chart, whose layers can be switched and exchanged.

class Chart {
  constructor(figure) {
    this.figure = figure;
    this.bars = [...figure.querySelectorAll(".hit")];
    this.texts = this.bars.map((bar) => {
      const title = bar.querySelector("title");
      title.remove();
      return title.textContent;
    });
    const unit = { k: 1e3, M: 1e6, G: 1e9 };
    this.wholeAxis = [...figure.querySelectorAll(".scale text")]
      .map(({ textContent: text }) => parseFloat(text) * (unit[text.at(-1)] ?? 1));
    this.stacking = "answer";
    this.layers = layersOf(this.stacking);
    this.off = new Set();
    this.addStackings();
    this.drawLegend();
  }

  addStackings() {
    const choices = stackings();
    if (choices.length < 2) return;
    const select = element("select", {}, ...choices.map(([value, text]) => element("option", { value }, text)));
    select.addEventListener("change", () => this.stackBy(select.value));
    this.figure.querySelector("h2").after(element("label", { class: "stacked" }, "by ", select));
  }

  stackBy(stacking) {
    this.stacking = stacking;
    this.layers = layersOf(stacking);
    this.off.clear();
    this.drawLegend();
    this.drawBars();
  }

  /** The layers that are switched on. */
  visible() {
    return this.layers.filter((layer) => !this.off.has(layer));
  }

  drawLegend() {
    const legend = this.figure.querySelector(".legend");
    legend.querySelectorAll(".class").forEach((button) => button.remove());
    // Requests of which no answer is known are one layer, which needs no name.
    const named = this.layers.length === 1 && this.layers[0].css === "c0" ? [] : this.layers;
    this.buttons = named.map((layer) => {
      const swatch = svgElement("svg", { width: 10, height: 10, "aria-hidden": "true" },
        svgElement("rect", { class: layer.css, width: 10, height: 10, rx: 2 }));
      const title = `${layer.label}\nShow these alone; with Shift, add or remove them`;
      const button = element("button", { type: "button", class: "class", "data-class": layer.css, title }, swatch, element("span", {}, layer.label));
      button.addEventListener("click", (event) => this.turn(layer, event.shiftKey || event.ctrlKey || event.metaKey));
      return [layer, button];
    });
    legend.prepend(...this.buttons.map(([, button]) => button));
    this.drawPressed();
  }

  /** Shows `layer` alone, or all again; or adds or removes it, if it `isOne` of several. */
  turn(layer, isOne) {
    const isAlone = !this.off.has(layer) && this.off.size === this.layers.length - 1;
    if (isOne && this.off.has(layer)) this.off.delete(layer);
    else if (isOne) this.off.add(layer);
    else this.off = new Set(isAlone ? [] : this.layers.filter((other) => other !== layer));
    if (this.off.size === this.layers.length) this.off.clear();
    this.drawPressed();
    this.drawBars();
  }

  drawPressed() {
    for (const [layer, button] of this.buttons) button.setAttribute("aria-pressed", String(!this.off.has(layer)));
  }

  /** Draws the layers that are switched on, with an axis of their own. */
  drawBars() {
    const { top, floor } = data.chart;
    const visible = this.visible();
    const sums = this.bars.map((_, index) => visible.reduce((sum, layer) => sum + layer.requests[index], 0));
    const isWhole = this.off.size === 0;
    const axis = isWhole ? this.wholeAxis : ticks(Math.max(...sums));
    const heightOf = (requests) => requests / axis.at(-1) * (floor - top);
    const [step, width] = [100 / this.bars.length, Math.min(78 / this.bars.length, 5)];
    this.bars.forEach((bar, index) => {
      bar.querySelectorAll("rect:not(.over)").forEach((rect) => rect.remove());
      const x = step * index + (step - width) / 2;
      let y = floor;
      for (const { css, requests } of visible) {
        const height = heightOf(requests[index]);
        y -= height;
        if (height <= 0) continue;
        bar.append(svgElement("rect", {
          class: css, x: `${x.toFixed(3)}%`, y: y.toFixed(2), width: `${width.toFixed(3)}%`, height: height.toFixed(2),
        }));
      }
    });
    this.drawAxis(axis, (tick) => (floor - heightOf(tick)).toFixed(1));
    // The earlier period and the pace are of all requests.
    this.figure.querySelector(".compared").classList.toggle("off", !isWhole);
    this.figure.classList.toggle("part", !isWhole);
  }

  drawAxis(axis, yOf) {
    this.figure.querySelector(".scale").replaceChildren(...axis.map((tick) =>
      svgElement("text", { x: 40, y: Number(yOf(tick)) + 4 }, short(tick))));
    this.figure.querySelector(".lines").replaceChildren(...axis.map((tick) =>
      svgElement("line", { class: tick ? "grid" : "axis", x1: 0, x2: "100%", y1: yOf(tick), y2: yOf(tick) })));
  }

  /** What the bar at `index` is. */
  textOf(index) {
    if (this.stacking === "answer") return this.texts[index];
    const lines = this.visible().filter(({ requests }) => requests[index] > 0).reverse()
      .map(({ label, requests }) => `\u2068${label}\u2069: ${count(requests[index])}`);
    return [...this.texts[index].split("\n").slice(0, 2), ...lines].join("\n");
  }
}
