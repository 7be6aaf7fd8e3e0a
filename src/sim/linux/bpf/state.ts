/** What a program on this namespace's kernel may read, and where what it wrote is kept. */
import { type Kernel, netnsOf } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import type { BpfIndex } from './attach.ts';
import { type BpfMemory, keyText } from './map.ts';
import type { BpfState, BpfWrite } from './run.ts';

/** Maps belong to the node; a pod's sockets use them too. */
function hostOf(k: Kernel, ns: Netns, bpf: BpfIndex): Netns {
  return bpf.host === ns.id ? ns : (netnsOf(k, bpf.host) ?? ns);
}

export function stateOf(k: Kernel, ns: Netns, bpf: BpfIndex): BpfState {
  const host = hostOf(k, ns, bpf);
  const index = host.bpf ?? bpf;
  return {
    maps: index.maps,
    memory: host.memory.bpf,
    programs: k.programs,
    slot: (array, number) => index.slots.get(`${array} ${number}`),
    fib: (dst) => lookupRoute(ns, dst),
    choose: k.choices.numgen,
    nowNs: k.nowNs,
  };
}

export function keep(k: Kernel, ns: Netns, bpf: BpfIndex, writes: readonly BpfWrite[]): void {
  const memory: BpfMemory = hostOf(k, ns, bpf).memory.bpf;
  for (const { map, entry } of writes) {
    const entries = memory.get(map) ?? new Map();
    entries.set(keyText(entry.key), entry);
    memory.set(map, entries);
  }
}
