// What a bar of the chart is: beside the pointer, and at the arrow keys.

function startTips(chart) {
  const tip = element("div", { id: "tip", role: "status" });
  tip.hidden = true;
  document.body.append(tip);
  const { bars } = chart;
  let current = -1;
  const show = (index, x, y) => {
    bars[current]?.classList.remove("current");
    current = index;
    bars[index].classList.add("current");
    tip.textContent = chart.textOf(index);
    tip.hidden = false;
    const top = y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 12 : y + 18;
    tip.style.left = `${Math.max(Math.min(x + 14, innerWidth - tip.offsetWidth - 8), 8)}px`;
    tip.style.top = `${Math.max(top, 8)}px`;
  };
  const hide = () => {
    bars[current]?.classList.remove("current");
    tip.hidden = true;
  };
  bars.forEach((bar, index) => {
    bar.addEventListener("pointermove", (event) => show(index, event.clientX, event.clientY));
    bar.addEventListener("pointerleave", hide);
  });
  const svg = chart.figure.querySelector("svg.bars");
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-roledescription", "chart; arrow keys read the bars");
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: current + 1, ArrowLeft: Math.max(current, 1) - 1, Home: 0, End: bars.length - 1 };
    if (event.key === "Escape") hide();
    if (!(event.key in steps)) return;
    event.preventDefault();
    const index = Math.min(steps[event.key], bars.length - 1);
    const box = bars[index].getBoundingClientRect();
    show(index, box.right, box.top);
  });
}
