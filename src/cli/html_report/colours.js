// Sequential colours that rise evenly in lightness: they read without hue, too. Pale to dark on light pages, dark to pale on dark ones.
const RAMPS = {
  light: [[237, 243, 248], [183, 210, 232], [109, 166, 207], [54, 117, 175], [24, 73, 131], [11, 34, 79]],
  dark: [[33, 41, 54], [36, 71, 107], [44, 112, 152], [82, 158, 171], [160, 203, 160], [246, 236, 160]],
};

function isDark() {
  return document.documentElement.classList.contains("dark");
}

function rampColour(share) {
  const ramp = RAMPS[isDark() ? "dark" : "light"];
  const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const low = Math.min(Math.floor(at), ramp.length - 2);
  return ramp[low].map((from, i) => Math.round(from + (ramp[low + 1][i] - from) * (at - low)));
}

function cssColour(share) {
  return `rgb(${rampColour(share).join(",")})`;
}

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function odd() {
  return isDark() ? [255, 111, 94] : [200, 55, 45];
}
