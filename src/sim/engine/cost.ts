/** What a packet costs the kernels on its way: rules that were asked one after another, and lookups that take one step each. */
import type { Step } from '../linux/step.ts';
import { ownPackets, ownSteps } from './own-part.ts';
import { NO_CONTEXT, nextContext, setLookups, type VisitContext } from './set-lookups.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

export interface Cost {
  /** Rules evaluated, matched or not. */
  readonly rules: number;
  /** Hash or map lookups: nftables sets and maps, ipsets, IPVS. However much is in them, each is one step. */
  readonly lookups: number;
}

export interface TraceCost {
  /** Of the packet that opens the conversation: it alone meets the rules that choose. */
  readonly first: Cost;
  readonly whole: Cost;
}

/** Of what the program itself sends: looking a name up costs the same for all. */
export function costOf(trace: Pick<Trace, 'steps' | 'packets' | 'lookup'>, world: World): TraceCost {
  const steps = ownSteps(trace);
  const first = ownPackets(trace)[0]?.id;
  return {
    first: stepsCost(
      steps.filter((step) => step.packet === first),
      world,
    ),
    whole: stepsCost(steps, world),
  };
}

export function stepsCost(steps: readonly Step[], world: World): Cost {
  let rules = 0;
  let lookups = 0;
  let context: VisitContext = NO_CONTEXT;
  for (const step of steps) {
    context = nextContext(context, step);
    switch (step.kind) {
      case 'rule':
      case 'nft-rule':
        rules += step.index - step.first + 1;
        break;
      case 'chain-end':
      case 'nft-chain-end':
        rules += step.end - step.first;
        break;
      case 'nft-lookup':
      case 'ipvs':
        lookups += 1;
        break;
      case 'bpf-map':
        if (step.op === 'lookup') lookups += 1;
        break;
      default:
    }
    if (step.kind !== 'rule' && step.kind !== 'chain-end') continue;
    const config = world.namespaces.get(step.ns);
    if (config) lookups += setLookups(step, config, context).length;
  }
  return { rules, lookups };
}
