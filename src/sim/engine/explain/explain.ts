import { never } from '../../base/assert.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';
import { conntrackAt } from './conntrack-table.ts';
import { explainBpf } from './explain-bpf.ts';
import { explainConntrack, explainNat } from './explain-conntrack.ts';
import { explainBridgedDnat, explainDevice } from './explain-device.ts';
import { explainDeliver, explainDrop, explainSend } from './explain-end.ts';
import { explainHook } from './explain-hook.ts';
import { explainIpvs } from './explain-ipvs.ts';
import { explainName } from './explain-names.ts';
import { explainNftChainEnd, explainNftLookup, explainNftRule } from './explain-nft.ts';
import { explainNeighbour, explainRoute, explainTtl } from './explain-route.ts';
import { explainChainEnd, explainRule } from './explain-rule.ts';
import { explainDecap, explainEncap, explainFdb, explainFragment, explainReassemble } from './explain-tunnel.ts';
import type { Explanation, Place } from './explanation.ts';
import { inWordsOf } from './family-words.ts';
import { changedHeaders, frameBefore, headersOf } from './headers.ts';
import { type Scene, sceneOf, type Told } from './scene.ts';

/** What happened at one step, why, and the proof: computed from the trace and the world, from nothing else. */
export function explain(trace: Trace, world: World, stepIndex: number): Explanation {
  const scene = sceneOf(trace, world, stepIndex);
  const told = tell(scene);
  const { step, previous } = scene;
  const before = frameBefore(step, previous);
  return {
    title: inWordsOf(step.frame, told.title),
    sentence: inWordsOf(step.frame, told.sentence),
    place: placeOf(scene),
    headers: changedHeaders(headersOf(step.frame, scene), before && headersOf(before, scene)),
    evidence: told.evidence ?? [],
    counts: told.counts ?? null,
    conntrack: conntrackAt(trace.steps, stepIndex, step.ns, scene.here),
    checks: (told.checks ?? []).map((check) => inWordsOf(step.frame, check)),
  };
}

function placeOf({ step, names }: Scene): Place {
  const place = { ns: step.ns, label: names.place(step.ns) };
  const dev = 'dev' in step ? step.dev : undefined;
  const hook = 'hook' in step ? step.hook : undefined;
  return { ...place, ...(dev === undefined ? {} : { dev }), ...(hook === undefined ? {} : { hook }) };
}

/** One line a kind: the compiler says when a new kind has no words yet. */
function tell(scene: Scene): Told {
  const { step } = scene;
  switch (step.kind) {
    case 'dev':
      return explainDevice({ ...scene, step });
    case 'bridged-dnat':
      return explainBridgedDnat({ ...scene, step });
    case 'hook':
      return explainHook({ ...scene, step });
    case 'rule':
      return explainRule({ ...scene, step });
    case 'chain-end':
      return explainChainEnd({ ...scene, step });
    case 'nft-lookup':
      return explainNftLookup({ ...scene, step });
    case 'nft-rule':
      return explainNftRule({ ...scene, step });
    case 'nft-chain-end':
      return explainNftChainEnd({ ...scene, step });
    case 'ipvs':
      return explainIpvs({ ...scene, step });
    case 'bpf-run':
    case 'bpf-map':
    case 'bpf-nat':
    case 'bpf-choice':
    case 'bpf-fib':
    case 'bpf-notify':
    case 'bpf-policy':
    case 'bpf-verdict':
    case 'bpf-sock':
      return explainBpf({ ...scene, step });
    case 'conntrack':
      return explainConntrack({ ...scene, step });
    case 'nat':
      return explainNat({ ...scene, step });
    case 'route':
      return explainRoute({ ...scene, step });
    case 'ttl':
      return explainTtl({ ...scene, step });
    case 'neighbour':
      return explainNeighbour({ ...scene, step });
    case 'fdb':
      return explainFdb({ ...scene, step });
    case 'encap':
      return explainEncap({ ...scene, step });
    case 'decap':
      return explainDecap({ ...scene, step });
    case 'fragment':
      return explainFragment({ ...scene, step });
    case 'reassemble':
      return explainReassemble({ ...scene, step });
    case 'name-query':
    case 'name-answer':
    case 'name-silence':
    case 'name-result':
    case 'name-server':
      return explainName({ ...scene, step });
    case 'send':
      return explainSend({ ...scene, step });
    case 'deliver':
      return explainDeliver({ ...scene, step });
    case 'drop':
      return explainDrop({ ...scene, step });
    default:
      return never(step, 'step');
  }
}
