// Checks package-lock.json: no registry host in it, every platform's binaries listed, only exact versions asked for.
// A lock written where a registry lacks a platform's package makes `npm ci` fail on every other machine (npm/cli #4828).
import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json');
const manifest = read('package.json');
const problems = [];

/** Node's own lookup: the nearest node_modules that holds the name. */
function isLocked(from, name) {
  const parts = from.split('/node_modules/');
  for (let depth = parts.length; depth > 0; depth -= 1) {
    if (packages[`${parts.slice(0, depth).join('/node_modules/')}/node_modules/${name}`]) return true;
  }
  return Boolean(packages[`node_modules/${name}`]);
}

for (const [path, entry] of Object.entries(packages)) {
  if (path === '') continue;
  if (entry.resolved)
    problems.push(`${path}: has a resolved address. Install with this folder's .npmrc, which omits it.`);
  if (entry.hasInstallScript) problems.push(`${path}: has an install script. Choose a package that needs none.`);
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!isLocked(path, name)) {
      problems.push(
        `${path}: optional ${name} is missing. Delete node_modules and the lock, install again, or pin lower.`,
      );
    }
  }
}

for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
  if (!/^\d+\.\d+\.\d+$/.test(range)) problems.push(`package.json: ${name} is "${range}". Write one exact version.`);
  if (packages[`node_modules/${name}`]?.version !== range) problems.push(`${name}: lock and package.json differ.`);
}

for (const problem of problems) console.error(`lockcheck: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`lockcheck: ${Object.keys(packages).length - 1} packages, no addresses, every platform listed.`);
