/** What the gallery can show: made-up worlds of any size, and real ones from the engine (`scene=real`, with a few more words). */
import { makeUpTrace } from '../../render/made-up-trace.ts';
import { type MadeUp, makeUpWorld } from '../../render/made-up-world.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { Probe, ProbeTo } from '../../sim/scenario/probe.ts';
import type { ScenarioEvent } from '../../sim/scenario/scenario.ts';

export interface GalleryScene {
  readonly world: World;
  readonly trace: Trace | null;
}

const MADE_UP: Readonly<Record<string, MadeUp>> = {
  one: { nodes: 1, pods: 3, shape: 'overlay' },
  two: { nodes: 2, pods: [2, 4], shape: 'overlay' },
  three: { nodes: 3, pods: 2, shape: 'overlay' },
  long: { nodes: 3, pods: [4, 7, 3], shape: 'overlay', longNames: true, services: 9 },
  bridge: { nodes: 3, pods: 2, shape: 'bridge' },
  routed: { nodes: 3, pods: 3, shape: 'routed' },
  eight: { nodes: 8, pods: [2, 3, 4, 5, 6, 7, 8, 12], shape: 'overlay' },
  crowd: { nodes: 4, pods: 25, shape: 'overlay', services: 10 },
  huge: { nodes: 100, pods: 10, shape: 'overlay', services: 10 },
};

function makeUp(name: string): GalleryScene {
  const [base = 'three', variant] = name.split('-');
  const made = MADE_UP[base] ?? (MADE_UP.three as MadeUp);
  const world = makeUpWorld(made);
  const isKnown = world.namespaces.has('default/client-1') && world.namespaces.has('default/web-2');
  return {
    world,
    trace: isKnown && made.shape === 'overlay' ? makeUpTrace(variant === 'drop' ? 'FORWARD' : null) : null,
  };
}

/** `from=external:client&to=service:default/web&proto=tcp&port=80&mode=host-gw&nodes=2`. */
function real(query: URLSearchParams): GalleryScene {
  const events: ScenarioEvent[] = [];
  const nodes = query.get('nodes');
  if (nodes) {
    const sized = {
      podCIDR: '10.244.0.0/16',
      nodeMask: 24,
      serviceCIDR: '10.96.0.0/12',
      nodeNetwork: '192.168.56.0/24',
      mtuBytes: 1500,
    };
    events.push({ type: 'ClusterSized', nodes: Number(nodes), ...sized });
  }
  const mode = query.get('mode');
  if (mode) events.push({ type: 'CniChosen', cni: 'flannel', mode });
  const replicas = query.get('replicas');
  if (replicas) events.push({ type: 'WorkloadScaled', ref: 'default/web', replicas: Number(replicas) });
  const state = foldScenario({ events: [...DEFAULT_SCENARIO.events, ...events] });
  const built = buildWorld(state);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const probe = probeOf(query) ?? state.probe;
  return { world: built.value, trace: probe ? traceProbe(built.value, probe) : null };
}

function probeOf(query: URLSearchParams): Probe | null {
  const [from, to] = [query.get('from')?.split(':'), query.get('to')?.split(':')];
  if (!from?.[1] || !to?.[1]) return null;
  const end = { kind: to[0] ?? 'ip', ref: to[1], ip: to[1], via: 'clusterIP' } as ProbeTo;
  return {
    from: { kind: from[0] as 'pod', ref: from[1] },
    to: end,
    proto: (query.get('proto') ?? 'tcp') as Probe['proto'],
    port: Number(query.get('port') ?? 80),
  };
}

export function makeScene(query: URLSearchParams): GalleryScene {
  const name = query.get('scene') ?? 'real';
  return name === 'real' ? real(query) : makeUp(name);
}
