/** Runs one program: gives it a context to work with, and collects what it does. Nothing outside changes. */
import { type Frame, type IpPacket, isIp } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import type { RouteResult } from '../routing/fib.ts';
import type { TunnelKey } from '../skb.ts';
import type { StepBody } from '../step.ts';
import type { BpfAttachment } from './attach.ts';
import type { BpfMapKind } from './kind.ts';
import { type BpfEntry, type BpfMap, type BpfMemory, type BpfRecord, findEntry, findLongest, keyText } from './map.ts';
import type { BpfMaps, BpfPrograms, SockContext, SockProgram, SockVerdict, TcContext, TcVerdict } from './program.ts';

/** Programs may call this many others in a row (MAX_TAIL_CALL_CNT). */
export const TAIL_CALLS_MAX = 33;

/** What a program may read. */
export interface BpfState {
  readonly maps: ReadonlyMap<string, BpfMap>;
  readonly memory: BpfMemory;
  readonly programs: BpfPrograms;
  readonly slot: (array: string, index: number) => BpfAttachment | undefined;
  readonly fib: (dst: Ip) => RouteResult;
  readonly choose: (of: readonly string[]) => number;
  readonly nowNs: number;
}

export interface BpfTold {
  readonly body: StepBody;
  /** The frame as it then was; null where there is no packet yet. */
  readonly frame: Frame | null;
}

export interface BpfWrite {
  readonly map: string;
  readonly entry: BpfEntry;
}

interface Effects {
  readonly told: BpfTold[];
  readonly writes: BpfWrite[];
}

export interface TcResult extends Effects {
  readonly verdict: TcVerdict;
  /** The program that had the last word. */
  readonly by: string;
  readonly frame: Frame;
  readonly mark: number;
  readonly tunnel: TunnelKey | null;
}

const mapName = (kind: Pick<BpfMapKind, 'name'>, suffix: string | number | undefined): string =>
  suffix === undefined ? kind.name : `${kind.name}_${suffix}`;

interface Voice {
  readonly program: () => string;
  readonly tell: (body: StepBody) => void;
}

function mapsFor(state: BpfState, effects: Effects, { program, tell }: Voice): BpfMaps {
  const find = (name: string, key: BpfRecord): BpfEntry | undefined => {
    const text = keyText(key);
    const own = effects.writes.findLast((write) => write.map === name && keyText(write.entry.key) === text)?.entry;
    const map = state.maps.get(name);
    return own ?? state.memory.get(name)?.get(text) ?? (map && findEntry(map, key));
  };
  const told = (name: string, key: BpfRecord, entry: BpfEntry | undefined, op: 'lookup' | 'update' = 'lookup'): void =>
    tell({ kind: 'bpf-map', program: program(), map: name, op, key, entry: entry ?? null });
  return {
    lookup: (kind, key, suffix) => {
      const name = mapName(kind, suffix);
      const entry = find(name, key);
      told(name, key, entry);
      return (entry?.value as never) ?? null;
    },
    peek: (kind, key, suffix) => (find(mapName(kind, suffix), key)?.value as never) ?? null,
    originOf: (kind, key, suffix) => find(mapName(kind, suffix), key)?.origin,
    longest: (kind, address) => {
      const map = state.maps.get(kind.name);
      // What packets wrote are single addresses: nothing is longer.
      const entry = find(kind.name, { base: address, prefix: 32 }) ?? (map && findLongest(map, address));
      told(kind.name, { base: address, prefix: 32 }, entry);
      return (entry?.value as never) ?? null;
    },
    update: (kind, key, value, suffix, origin) => {
      const entry: BpfEntry = { key, value, ...(origin ? { origin } : {}) };
      const name = mapName(kind, suffix);
      effects.writes.push({ map: name, entry });
      told(name, key, entry, 'update');
    },
    choose: (of, isKept) => {
      const index = state.choose(of);
      tell({ kind: 'bpf-choice', program: program(), of, index, isKept });
      return index;
    },
    nowNs: state.nowNs,
  };
}

export interface TcInput {
  readonly frame: Frame;
  readonly mark: number;
  readonly tunnel: TunnelKey | null;
}

function ipOfFrame({ payload }: Frame): IpPacket {
  if (!isIp(payload)) throw new Error('Broken invariant: tc programs are run on IP packets here');
  return payload;
}

/** One run, with all the programs that call each other in it. */
interface Run {
  frame: Frame;
  mark: number;
  tunnel: TunnelKey | null;
  /** The program that has the word. */
  running: BpfAttachment;
  calls: number;
}

/** Runs the program at a tc hook on an IP packet. */
export function runTc(attachment: BpfAttachment, input: TcInput, state: BpfState): TcResult {
  const effects: Effects = { told: [], writes: [] };
  const run: Run = { ...input, running: attachment, calls: 0 };
  const tell = (body: StepBody): void => void effects.told.push({ body, frame: run.frame });
  const maps = mapsFor(state, effects, { program: () => run.running.program, tell });
  const verdict = startProgram(run, state, maps, tell, attachment, attachment.conf);
  const { frame, mark, tunnel, running } = run;
  return { verdict, by: running.program, frame, mark, tunnel, ...effects };
}

type Tell = (body: StepBody) => void;

function startProgram(
  run: Run,
  state: BpfState,
  maps: BpfMaps,
  tell: Tell,
  next: BpfAttachment,
  conf: BpfRecord,
): TcVerdict {
  run.running = next;
  const found = state.programs.get(next.program);
  if (found?.hook !== 'tc') throw new Error(`Broken invariant: no tc program ${next.program}`);
  tell({ kind: 'bpf-run', program: next.program, attachment: next });
  const call = (array: string, index: number, more: BpfRecord = {}): TcVerdict | undefined => {
    const slot = state.slot(array, index);
    run.calls += 1;
    if (!slot || run.calls > TAIL_CALLS_MAX) return undefined;
    return startProgram(run, state, maps, tell, slot, { ...slot.conf, ...more });
  };
  return found.run(contextOf(run, state, maps, tell, conf, call));
}

function contextOf(
  run: Run,
  state: BpfState,
  maps: BpfMaps,
  tell: Tell,
  conf: BpfRecord,
  tailCall: TcContext['tailCall'],
): TcContext {
  const { program } = run.running;
  return {
    ...maps,
    conf,
    program,
    get frame() {
      return run.frame;
    },
    get packet() {
      return ipOfFrame(run.frame);
    },
    get mark() {
      return run.mark;
    },
    get tunnel() {
      return run.tunnel;
    },
    setMark(mark) {
      run.mark = mark;
    },
    setMacs(smac, dmac) {
      run.frame = { ...run.frame, smac: smac ?? run.frame.smac, dmac: dmac ?? run.frame.dmac };
    },
    setTunnel(key) {
      run.tunnel = key;
    },
    nat(cause, after) {
      const before = ipOfFrame(run.frame);
      run.frame = { ...run.frame, payload: after };
      tell({ kind: 'bpf-nat', program, cause, before, after });
    },
    lowerTtl() {
      const packet = ipOfFrame(run.frame);
      if (packet.ttl <= 1) return false;
      run.frame = { ...run.frame, payload: { ...packet, ttl: packet.ttl - 1 } };
      tell({ kind: 'ttl', before: packet.ttl, after: packet.ttl - 1, by: program });
      return true;
    },
    fib(dst) {
      const route = state.fib(dst);
      tell({ kind: 'bpf-fib', program, dst, route });
      return route;
    },
    notify: (note) => tell({ kind: 'bpf-notify', program, ...note }),
    policy: (note) => tell({ kind: 'bpf-policy', program, ...note }),
    tailCall,
  };
}

export interface SockResult extends Effects {
  readonly verdict: SockVerdict;
}

/** Runs the program at a socket hook. */
export function runSock(
  program: SockProgram,
  call: Pick<SockContext, 'conf' | 'proto' | 'address' | 'cookie' | 'netns'>,
  state: BpfState,
): SockResult {
  const effects: Effects = { told: [], writes: [] };
  const tell = (body: StepBody): void => void effects.told.push({ body, frame: null });
  const verdict = program.run({ ...mapsFor(state, effects, { program: () => program.id, tell }), ...call });
  const before = call.address;
  const after = verdict.kind === 'proceed' ? verdict.address : null;
  const changed = after === null || after.ip !== before.ip || after.port !== before.port;
  if (changed) tell({ kind: 'bpf-sock', program: program.id, call: program.hook, before, after });
  return { verdict, ...effects };
}
