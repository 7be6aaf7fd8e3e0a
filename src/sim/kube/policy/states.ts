/**
 * What has been decided, for every port at once, after some rules of the three tiers were asked in order. States are kept once, and
 * so is what a rule makes of one: thousands of pairs of pods go through the same few steps.
 */
import { EMPTY, EVERYTHING, type PortSetId, type PortSets } from './port-sets.ts';
import type { Action, Tier } from './uniform.ts';

export type StateId = number;

/** Nothing was asked yet. */
export const START: StateId = 0;

/**
 * Of the admin and the baseline tier: what was accepted, denied, passed on. Of NetworkPolicies: what was admitted, and what one of
 * Cilium's denied: that counts whatever the others admit.
 */
interface State {
  readonly admin: Decided;
  readonly admitted: PortSetId;
  readonly denied: PortSetId;
  readonly baseline: Decided;
}

type Decided = Readonly<Record<Action, PortSetId>>;

const NOTHING: Decided = { accept: EMPTY, deny: EMPTY, pass: EMPTY };
const PORT_SETS_MAX = 2 ** 24;
const CODES: Readonly<Record<Tier, Readonly<Record<Action, number>>>> = {
  Admin: { accept: 0, deny: 1, pass: 2 },
  NetworkPolicy: { accept: 3, deny: 7, pass: 3 },
  Baseline: { accept: 4, deny: 5, pass: 6 },
};

export class States {
  readonly ports: PortSets;
  readonly #states: State[] = [];
  readonly #ids = new Map<string, StateId>();
  readonly #steps: Map<number, StateId>[] = [];
  /** By state, for pods that are isolated and for others. */
  readonly #allowed: Readonly<Record<'isolated' | 'open', (PortSetId | undefined)[]>> = { isolated: [], open: [] };

  constructor(ports: PortSets) {
    this.ports = ports;
    this.#intern({ admin: NOTHING, admitted: EMPTY, denied: EMPTY, baseline: NOTHING });
  }

  /** After a rule that matches the peer for these ports. */
  after(state: StateId, tier: Tier, action: Action, ports: PortSetId): StateId {
    const steps = this.#steps[state] ?? new Map<number, StateId>();
    const key = CODES[tier][action] * PORT_SETS_MAX + ports;
    const known = steps.get(key);
    if (known !== undefined) return known;
    const next = this.#intern(this.#decide(this.#at(state), tier, action, ports));
    steps.set(key, next);
    return next;
  }

  /** What may pass in the end. `isIsolated`: a NetworkPolicy closes the pod, so the baseline tier is not asked. */
  allowed(state: StateId, isIsolated: boolean): PortSetId {
    const list = isIsolated ? this.#allowed.isolated : this.#allowed.open;
    const known = list[state];
    if (known !== undefined) return known;
    const { admin, admitted, denied, baseline } = this.#at(state);
    const { ports } = this;
    const open = ports.minus(EVERYTHING, ports.union(ports.union(admin.accept, admin.deny), denied));
    const rest = isIsolated ? ports.both(open, admitted) : ports.minus(open, baseline.deny);
    const allowed = ports.union(admin.accept, rest);
    list[state] = allowed;
    return allowed;
  }

  /** What a tier has decided by itself. */
  decided(state: StateId, tier: 'Admin' | 'Baseline'): Decided {
    const { admin, baseline } = this.#at(state);
    return tier === 'Admin' ? admin : baseline;
  }

  #decide(state: State, tier: Tier, action: Action, given: PortSetId): State {
    if (tier === 'NetworkPolicy') {
      const list = action === 'deny' ? 'denied' : 'admitted';
      return { ...state, [list]: this.ports.union(state[list], given) };
    }
    const field = tier === 'Admin' ? 'admin' : 'baseline';
    const before = state[field];
    const taken = this.ports.union(this.ports.union(before.accept, before.deny), before.pass);
    const fresh = this.ports.minus(given, taken);
    return { ...state, [field]: { ...before, [action]: this.ports.union(before[action], fresh) } };
  }

  #at(state: StateId): State {
    return this.#states[state] ?? { admin: NOTHING, admitted: EMPTY, denied: EMPTY, baseline: NOTHING };
  }

  #intern(state: State): StateId {
    const { admin: a, admitted, denied, baseline: b } = state;
    const key = [a.accept, a.deny, a.pass, admitted, denied, b.accept, b.deny, b.pass].join();
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#states.push(state) - 1;
    this.#ids.set(key, id);
    this.#steps.push(new Map());
    this.#allowed.isolated.push(undefined);
    this.#allowed.open.push(undefined);
    return id;
  }
}
