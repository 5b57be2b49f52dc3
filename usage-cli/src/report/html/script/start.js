// Everything begins.

function startTheme() {
  const root = document.documentElement;
  const button = document.querySelector("button.theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });
}

startTheme();
startTables();
startOrganizations();
const figure = document.getElementById("chart");
if (figure) startTips(new Chart(figure));
addEventListener("hashchange", followAddress);
followAddress();
