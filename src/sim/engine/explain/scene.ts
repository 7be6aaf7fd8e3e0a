import { must } from '../../base/assert.ts';
import type { Device, NetnsConfig } from '../../linux/config.ts';
import type { Step } from '../../linux/step.ts';
import type { Ip } from '../../wire/ip.ts';
import type { Mac } from '../../wire/mac.ts';
import type { Trace } from '../trace.ts';
import { isUnderlay, type World } from '../world.ts';
import type { Evidence } from './explanation.ts';
import { type Names, namesOf } from './names.ts';
import { innerPacket, previousOf } from './packet-words.ts';

export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** What the explainers of one step look at. */
export interface Scene<S extends Step = Step> {
  readonly trace: Trace;
  readonly world: World;
  readonly names: Names;
  /** Whose MAC address it is. */
  readonly macs: ReadonlyMap<Mac, string>;
  readonly step: S;
  /** The configuration of the step's namespace. */
  readonly ns: NetnsConfig;
  /** `node-1`, `web-1`. */
  readonly here: string;
  readonly previous: Step | undefined;
}

/** What an explainer of one family says; `explain` adds place, headers and conntrack. */
export interface Told {
  readonly title: string;
  readonly sentence: string;
  readonly evidence?: readonly Evidence[];
  readonly counts?: string;
  readonly checks?: readonly string[];
}

const NOTHING: Omit<NetnsConfig, 'id'> = {
  devices: [],
  addresses: [],
  routes: [],
  neighbours: [],
  fdb: [],
  sysctl: {},
  iptables: new Map(),
  ipsets: [],
  listeners: [],
};

const keptMacs = new WeakMap<Trace, ReadonlyMap<Mac, string>>();

/** One MAC on many devices, which works where no two of them are on one link. */
const SHARED = "the node's end of the cable";

/** Whose MAC addresses a trace shows: `web-1`, `node-2's flannel.1`. Only namespaces that its packets visited are looked at. */
export function macsOf(trace: Trace, world: World): ReadonlyMap<Mac, string> {
  const known = keptMacs.get(trace);
  if (known) return known;
  const macs = new Map<Mac, string>();
  const names = namesOf(world);
  for (const id of new Set(trace.steps.map(({ ns }) => ns))) {
    const isNode = names.node(id) !== undefined;
    for (const device of isUnderlay(id) ? [] : (world.namespaces.get(id)?.devices ?? [])) {
      if (device.kind === 'loopback' || device.kind === 'ipip') continue;
      const name = isNode ? `${id}'s ${device.name}` : names.ns(id);
      macs.set(device.mac, macs.has(device.mac) ? SHARED : name);
    }
  }
  keptMacs.set(trace, macs);
  return macs;
}

export function sceneOf(trace: Trace, world: World, index: number): Scene {
  const step = must(trace.steps[index], `step ${index}`);
  const names = namesOf(world);
  const ns = world.namespaces.get(step.ns) ?? { id: step.ns, ...NOTHING };
  const macs = macsOf(trace, world);
  return { trace, world, names, macs, step, ns, here: names.ns(step.ns), previous: previousOf(trace.steps, index) };
}

export const deviceOf = (ns: NetnsConfig, name: string | undefined): Device | undefined =>
  ns.devices.find((device) => device.name === name);

/** Earlier steps of the same packet in the same visit of this namespace, oldest first. */
export function visitSoFar(scene: Scene): Step[] {
  const { step, trace } = scene;
  const found: Step[] = [];
  for (let i = step.i - 1; i >= 0; i--) {
    const earlier = trace.steps[i];
    if (earlier?.packet !== step.packet) continue;
    if (earlier.ns !== step.ns) break;
    found.unshift(earlier);
  }
  return found;
}

/** An address that a dummy device of this namespace has, so that packets for it are delivered here: in IPVS mode, every Service's. */
export const isOnDummy = (ns: NetnsConfig, ip: Ip): boolean => {
  const dev = ns.ipvs === undefined ? undefined : ns.addresses.find((address) => address.ip === ip)?.dev;
  return dev !== undefined && deviceOf(ns, dev)?.kind === 'dummy';
};

/** The rest of the packet's steps in this visit, from this step on. */
export function visitFromHere(scene: Scene): Step[] {
  const { step, trace } = scene;
  const found: Step[] = [];
  for (let i = step.i; i < trace.steps.length; i++) {
    const later = trace.steps[i];
    if (later?.packet !== step.packet) continue;
    if (later.ns !== step.ns) break;
    found.push(later);
  }
  return found;
}

/** IPVS sent this packet out again in this visit. */
export const sentByIpvs = (scene: Scene): StepOf<'ipvs'> | undefined =>
  visitSoFar(scene).findLast((s): s is StepOf<'ipvs'> => s.kind === 'ipvs' && s.role === 'request');

/** IPVS will take this packet in this visit, or has nobody to send it to; the hook at which it does is INPUT or OUTPUT. */
export function isForIpvs(scene: Scene): boolean {
  if (scene.ns.ipvs === undefined || scene.step.outer) return false;
  const packet = innerPacket(scene.step.frame);
  if (packet && isOnDummy(scene.ns, packet.dst)) return true;
  return visitFromHere(scene).some(
    (s) =>
      (s.kind === 'ipvs' && s.role === 'request' && s.hook !== 'FORWARD') ||
      (s.kind === 'drop' && s.reason === 'IPVS_NO_SERVER'),
  );
}
