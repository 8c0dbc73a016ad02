/** Owns the refusal of a Node that is too old, in words. Written so that an old Node can read it. */

var MIN_MAJOR = 20;
var MIN_MINOR = 19;

/** True when this Node cannot run the project; the person was told, and the exit code is set. */
export function refuseOldNode() {
  var parts = process.versions.node.split('.');
  var major = Number(parts[0]);
  var minor = Number(parts[1]);
  if (major > MIN_MAJOR || (major === MIN_MAJOR && minor >= MIN_MINOR)) return false;
  console.error(
    'Persona Node needs Node ' + MIN_MAJOR + '.' + MIN_MINOR + ' or newer; this is ' + process.version + '.',
  );
  console.error('Install the current version from https://nodejs.org, then run the command again.');
  process.exitCode = 1;
  return true;
}
