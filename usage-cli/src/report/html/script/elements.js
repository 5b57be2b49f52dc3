"use strict";

/** Creates an element with attributes and children, which are elements or texts: never markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function svgElement(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A text that may break behind each slash. */
function breakable(text) {
  return text.split(/(?<=\/)/).flatMap((piece, index) => (index ? [element("wbr"), piece] : [piece]));
}
