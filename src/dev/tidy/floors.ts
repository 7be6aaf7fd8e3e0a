import { type Finding, isTest, type Source, target } from './source.ts';

/** Imports go down only. Two names in one row are strangers: neither may import the other. */
const floors: readonly (readonly string[])[] = [
  ['src/sim/base'],
  ['src/sim/wire'],
  ['src/sim/linux', 'src/sim/kube'],
  ['src/sim/drivers'],
  ['src/sim/scenario'],
  ['src/sim/engine'],
  ['src/store', 'src/render'],
  ['src/ui'],
  ['src/main.tsx'],
];

interface Place {
  readonly height: number;
  readonly room: string;
}

function placeOf(path: string): Place | undefined {
  for (const [height, rooms] of floors.entries()) {
    const room = rooms.find((name) => path === name || path.startsWith(`${name}/`));
    if (room) return { height, room };
  }
  return undefined;
}

const short = (room: string): string => room.replace(/^src\/(sim\/)?/, '');

/** `drivers/cni/flannel/driver.ts` belongs to the driver `cni/flannel`; what drivers share belongs to nobody. */
function driverOf(path: string): string | undefined {
  const inside = /^src\/sim\/drivers\/(.+)\//.exec(path)?.[1]?.split('/') ?? [];
  const [first, second] = inside;
  if (first === undefined || first === 'parts' || first === 'conformance') return undefined;
  return first === 'cni' || first === 'proxy' ? second && `${first}/${second}` : first;
}

function judgeFile(from: string, to: string): Pick<Finding, 'what' | 'instead'> | undefined {
  if (from.startsWith('src/dev/')) return undefined;
  if (to.startsWith('src/dev/')) {
    return {
      what: `imports ${to}.`,
      instead: 'Nothing imports dev/. Move what both need down to the floor it belongs to.',
    };
  }
  const [here, there] = [placeOf(from), placeOf(to)];
  if (!here || !there) return undefined;
  if (there.height > here.height) {
    return {
      what: `${short(here.room)} imports ${short(there.room)}, which is above it (${to}).`,
      instead: 'Imports go down only. Move the shared part down, pass it in as an argument, or move this file up.',
    };
  }
  if (there.height === here.height && there.room !== here.room) {
    return {
      what: `${short(here.room)} imports ${short(there.room)}; these two do not know each other (${to}).`,
      instead: `Join them one floor up, in ${(floors[here.height + 1] ?? []).map(short).join(' or ')}.`,
    };
  }
  const [driver, other] = [driverOf(from), driverOf(to)];
  if (driver && other && driver !== other) {
    return {
      what: `the driver ${driver} imports the driver ${other} (${to}).`,
      instead: 'Drivers never import drivers. Put what both need into src/sim/drivers/parts.',
    };
  }
  if (driver && !isTest(from) && to === 'src/sim/drivers/registry.ts') {
    return {
      what: `the driver ${driver} imports the registry.`,
      instead: 'The registry knows drivers, not the reverse.',
    };
  }
  return undefined;
}

const packageRules: readonly { readonly name: RegExp; readonly allowed: RegExp; readonly instead: string }[] = [
  { name: /^ipaddr\.js$/, allowed: /^src\/sim\/wire\//, instead: 'Use Ip and Cidr of src/sim/wire.' },
  {
    name: /^(react|react-dom)(\/|$)/,
    allowed: /^src\/(ui\/|main\.tsx)/,
    instead: 'React lives in src/ui. Return data from here and let a component show it.',
  },
  { name: /^d3-/, allowed: /^src\/(render|ui)\//, instead: 'D3 draws, in src/render. Return data from here.' },
  { name: /^zustand$/, allowed: /^$/, instead: "Import 'zustand/vanilla' in src/store, and read it in src/ui." },
  {
    name: /^zustand\//,
    allowed: /^src\/(store|ui)\//,
    instead: 'State lives in src/store. Take what you need as argument.',
  },
  { name: /^@codemirror\//, allowed: /^src\/ui\//, instead: 'The editor lives in src/ui, behind import().' },
  {
    name: /^(node:|vitest$|fast-check$|@playwright\/|axe-core|vite$)/,
    allowed: /\.(test|spec)\.tsx?$|^e2e\//,
    instead: 'This code also runs in a browser, without test tools. Do that in src/dev or in a test.',
  },
];

function judgePackage(from: string, specifier: string): Pick<Finding, 'what' | 'instead'> | undefined {
  const isDev = from.startsWith('src/dev/');
  const rule = packageRules.find(({ name }) => name.test(specifier));
  if (!rule || rule.allowed.test(from)) return undefined;
  if (isDev && specifier !== 'ipaddr.js') return undefined;
  return { what: `imports ${specifier}.`, instead: rule.instead };
}

/** The house stands: every file has a floor, and imports go down only. */
export function checkFloors(sources: readonly Source[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, imports } of sources) {
    if (!path.startsWith('src/')) continue;
    if (!path.startsWith('src/dev/') && !placeOf(path) && !path.endsWith('.d.ts')) {
      findings.push({
        path,
        line: 1,
        what: 'stands on no floor.',
        instead: `Put it into one of: ${floors.flat().map(short).join(', ')}, dev.`,
      });
    }
    for (const { specifier, line } of imports) {
      const to = target(path, specifier);
      const verdict = to === undefined ? judgePackage(path, specifier) : judgeFile(path, to);
      if (verdict) findings.push({ path, line, ...verdict });
    }
  }
  return findings;
}
