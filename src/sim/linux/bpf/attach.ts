/** Which program is attached where, as `bpftool net` and `cilium-dbg bpf` show it: data, the programs themselves are known by id. */
import type { NsId } from '../config.ts';
import type { Origin } from '../origin.ts';
import type { BpfMap, BpfRecord } from './map.ts';

/** Directions are the node's: `tc ingress` of a pod's cable sees what leaves the pod. */
export type TcHook = 'tc ingress' | 'tc egress';
export type CgroupHook = 'cgroup/connect4' | 'cgroup/sendmsg4' | 'cgroup/recvmsg4';

export interface BpfAttachment {
  readonly program: string;
  /** A program in a slot of a program array runs only when another one calls it. */
  readonly at:
    | { readonly hook: TcHook; readonly dev: string }
    | { readonly hook: CgroupHook }
    | { readonly hook: 'tail call'; readonly array: string; readonly index: number };
  /** What was compiled or loaded into it: its own addresses, numbers and switches. */
  readonly conf: BpfRecord;
  readonly origin?: Origin;
}

export interface BpfConfig {
  /** The namespace that has the maps: a node has one set for itself and all of its pods. */
  readonly host: NsId;
  readonly attachments: readonly BpfAttachment[];
  readonly maps: readonly BpfMap[];
}

/** The same, found quickly. */
export interface BpfIndex {
  readonly host: NsId;
  /** Keyed `hook dev`, or by the socket hook alone. */
  readonly hooks: ReadonlyMap<string, BpfAttachment>;
  /** Keyed `array index`. */
  readonly slots: ReadonlyMap<string, BpfAttachment>;
  readonly maps: ReadonlyMap<string, BpfMap>;
}

export function indexBpf(config: BpfConfig): BpfIndex {
  const hooks = new Map<string, BpfAttachment>();
  const slots = new Map<string, BpfAttachment>();
  for (const attachment of config.attachments) {
    const { at } = attachment;
    if (at.hook === 'tail call') slots.set(`${at.array} ${at.index}`, attachment);
    else hooks.set('dev' in at ? `${at.hook} ${at.dev}` : at.hook, attachment);
  }
  return { host: config.host, hooks, slots, maps: new Map(config.maps.map((map) => [map.name, map])) };
}

/** Where it is and what it is, in the words of `bpftool net show`, `bpftool cgroup tree` and `bpftool map dump`. */
export function attachmentLine({ at, program }: BpfAttachment): string {
  if (at.hook === 'tail call') return `${at.array}[${at.index}] ${program}`;
  return 'dev' in at ? `${at.dev} ${at.hook.replace('tc ', 'tcx/')} ${program}` : `${at.hook} ${program}`;
}

/** Programs at the two tc hooks of a device. */
export function attachedTo(config: BpfConfig | undefined, dev: string): readonly BpfAttachment[] {
  return (config?.attachments ?? []).filter(({ at }) => 'dev' in at && at.dev === dev);
}
