// Runs before the first paint, so that a chosen theme never flashes in the other one. See src/contexts/theme.tsx.
try {
  var theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // no storage: the system's theme
}
