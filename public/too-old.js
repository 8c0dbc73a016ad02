/* For browsers that know no modules: every other script of the page is one. */
(function () {
  var text =
    'BrowserUnsupported: this browser is too old for Persona Node. ' +
    'Open the link in Chrome or another Chromium, version 137 or newer.';
  if (window.console) console.error(text);
  document.addEventListener('DOMContentLoaded', function () {
    document.getElementById('starting').textContent = text;
  });
})();
