// Numbers, written as everywhere in the report.

function count(number) {
  return number === null ? "–" : number.toLocaleString("en-US");
}

function percent(part) {
  const value = part * 100;
  if (value >= 99.95) return value < 100 ? "99.9 %" : `${count(Math.round(value))} %`;
  if (value >= 9.995) return `${value.toFixed(1)} %`;
  return value > 0 && value < 0.005 ? "< 0.01 %" : `${value.toFixed(2)} %`;
}

function short(number) {
  if (number < 1e3) return String(number);
  const [size, unit] = number < 1e6 ? [number / 1e3, "k"] : number < 1e9 ? [number / 1e6, "M"] : [number / 1e9, "G"];
  return size.toFixed(size < 10 && Math.round(size * 10) % 10 ? 1 : 0) + unit;
}

/** Round numbers from 0 up to at least `largest`. */
function ticks(largest) {
  const rough = Math.max(Math.ceil(largest / 4), 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  return Array.from({ length: Math.ceil(Math.max(largest, 1) / step) + 1 }, (_, index) => index * step);
}
