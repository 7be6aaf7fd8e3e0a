/**
 * Everything that a rule may tell apart: classes of pods that look alike to every selector, nodes, and cells of addresses. Each distinct
 * selector is looked up once, and found ends are a set of bits.
 */
import type { Cidr, Ip } from '../../wire/ip.ts';
import type { CiliumEntity } from '../cilium-policy-objects.ts';
import { type Selector, selectorHolds } from '../label-selector.ts';
import {
  addBit,
  type Bitset,
  difference,
  fullBitset,
  hasBit,
  intersection,
  isEmptyBitset,
  makeBitset,
  unite,
} from './bitset.ts';
import type { Labels, PolicyInput, PolicyNode, PolicyPod, PolicyPodPort } from './input.ts';
import type { PortSetId } from './port-sets.ts';
import { type Range, RangeCells } from './ranges.ts';
import type { UniformPeer } from './uniform.ts';

export type End = PodEnd | NodeEnd | RangeEnd;

/** Pods of one namespace with the same labels and named ports, and addresses that no policy tells apart. */
export interface PodEnd {
  readonly kind: 'pods';
  readonly namespace: string;
  readonly labels: Labels;
  /** The first of them stands for all. */
  readonly pod: PolicyPod;
  readonly named: readonly PolicyPodPort[];
  readonly cell?: number;
}

export interface NodeEnd {
  readonly kind: 'node';
  readonly node: PolicyNode;
  readonly cell: number;
}

export interface RangeEnd {
  readonly kind: 'range';
  readonly range: Range;
  readonly cell: number;
}

type EndPlan = Pick<PolicyInput, 'namespaces' | 'pods' | 'nodes'>;

export const podRef = ({ namespace, name }: PolicyPod): string => `${namespace}/${name}`;

export class Ends {
  readonly all: readonly End[];
  /** Ends of pods come first: this many. */
  readonly podCount: number;
  readonly everything: Bitset;
  /** Networks, by their text: addresses in them and out of them are different ends. */
  readonly tellsApart: ReadonlySet<string>;
  readonly #ofPod = new Map<string, readonly number[]>();
  readonly #ofNode = new Map<string, readonly number[]>();
  readonly #ofIp = new Map<Ip, number>();
  readonly #cells: RangeCells;
  readonly #firstRange: number;
  readonly #ofNamespace = new Map<string, Bitset>();
  readonly #namespaceLabels: ReadonlyMap<string, Labels>;
  readonly #withLabel = new Map<string, Map<string, Bitset>>();
  readonly #found = new Map<string, Bitset>();
  readonly #meanings = new Map<string, ReadonlyMap<PortSetId, Bitset>>();
  readonly #portTables = new Map<string, { readonly named: readonly PolicyPodPort[]; readonly bits: Bitset }>();

  /** `nets`: every network that a policy names. `findsPods`: whether addresses of pods are looked up in them. */
  constructor({ namespaces, pods, nodes }: EndPlan, nets: readonly Cidr[], findsPods: boolean) {
    this.#cells = new RangeCells(nets);
    this.tellsApart = new Set(nets.map(({ text }) => text));
    const all: End[] = [];
    const classes = new Map<string, number>();
    const telling = nets.length > 0 && findsPods;
    for (const pod of pods.filter(({ hostNetwork }) => !hostNetwork)) {
      const cells = telling ? [...new Set(pod.ips.map((ip) => this.#cells.cellOf(ip)))] : [];
      const ends = (cells.length === 0 ? [undefined] : cells).map((cell) => this.#addPod(pod, cell, all, classes));
      this.#ofPod.set(podRef(pod), ends);
      for (const ip of pod.ips) this.#ofIp.set(ip, ends[telling ? cells.indexOf(this.#cells.cellOf(ip)) : 0] ?? 0);
    }
    this.podCount = all.length;
    for (const node of nodes)
      this.#ofNode.set(
        node.name,
        node.ips.map((ip) => this.#addNode(node, ip, all)),
      );
    for (const pod of pods.filter(({ hostNetwork }) => hostNetwork)) this.#addHostPod(pod, all);
    this.#firstRange = all.length;
    for (const [cell, range] of this.#cells.cells.entries()) all.push({ kind: 'range', range, cell });
    this.all = all;
    this.everything = fullBitset(all.length);
    this.#namespaceLabels = new Map(namespaces.map(({ name, labels }) => [name, withName(name, labels)]));
    this.#indexPods();
  }

  get size(): number {
    return this.all.length;
  }

  /** The end that stands for a pod, by the address of that family; without one, its primary end. */
  ofPod(ref: string, family?: 4 | 6): number | undefined {
    return this.#ofFamily(this.#ofPod.get(ref), family);
  }

  ofNode(name: string, family?: 4 | 6): number | undefined {
    return this.#ofFamily(this.#ofNode.get(name), family);
  }

  /** A pod's or node's own address, or the cell around it. */
  ofIp(ip: Ip): number {
    return this.#ofIp.get(ip) ?? this.#firstRange + this.#cells.cellOf(ip);
  }

  /**
   * Ends by what some ports mean there. `key` tells the ports: equal ones are looked up once. Ends that are no pods have no names for
   * ports.
   */
  byMeaning(key: string, meaningIn: (named: readonly PolicyPodPort[]) => PortSetId): ReadonlyMap<PortSetId, Bitset> {
    const known = this.#meanings.get(key);
    if (known) return known;
    const found = new Map<PortSetId, Bitset>();
    const outside = difference(this.everything, this.#allPods());
    for (const { named, bits } of [{ named: [], bits: outside }, ...this.#portTables.values()])
      unite(this.#bitsAt(found, meaningIn(named)), bits);
    this.#meanings.set(key, found);
    return found;
  }

  labelsOf(namespace: string): Labels {
    return this.#namespaceLabels.get(namespace) ?? withName(namespace, {});
  }

  /** Whom a peer finds. */
  found(peer: UniformPeer): Bitset {
    switch (peer.kind) {
      case 'pods': {
        const inside =
          peer.namespace === undefined ? this.#inNamespaces(peer.namespaces ?? {}) : this.#of(peer.namespace);
        return intersection(inside, this.#withLabels(peer.pods));
      }
      case 'net':
        return peer.isOutside
          ? intersection(this.#inNet(peer.net, peer.except), this.#entity('world'))
          : this.#inNet(peer.net, peer.except);
      case 'nodes':
        return this.#nodes(peer.nodes);
      case 'domains':
        return makeBitset(this.size);
      case 'entity':
        return this.#entity(peer.entity);
    }
  }

  foundByAny(peers: readonly UniformPeer[]): Bitset {
    const [first, ...others] = peers.map((peer) => this.found(peer));
    if (first === undefined || others.length === 0) return first ?? makeBitset(this.size);
    const bits = first.slice();
    for (const other of others) unite(bits, other);
    return bits;
  }

  #ofFamily(ends: readonly number[] | undefined, family: 4 | 6 | undefined): number | undefined {
    if (ends === undefined || family === undefined) return ends?.[0];
    const cellOf = (end: number) => this.#cells.cells[this.all[end]?.cell ?? -1];
    return ends.find((end) => cellOf(end)?.family === family) ?? ends[0];
  }

  #addPod(pod: PolicyPod, cell: number | undefined, all: End[], classes: Map<string, number>): number {
    const named = pod.ports.filter(({ name }) => name !== undefined && name !== '');
    const labels = Object.entries(pod.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([pod.namespace, labels, named.map(portKey).sort(), cell ?? -1]);
    const known = classes.get(key);
    if (known !== undefined) return known;
    classes.set(key, all.length);
    const { namespace } = pod;
    return (
      all.push({ kind: 'pods', namespace, labels: pod.labels, pod, named, ...(cell === undefined ? {} : { cell }) }) - 1
    );
  }

  #addNode(node: PolicyNode, ip: Ip, all: End[]): number {
    this.#ofIp.set(ip, all.length);
    return all.push({ kind: 'node', node, cell: this.#cells.cellOf(ip) }) - 1;
  }

  /** On the host's network a pod is its node, to everybody. */
  #addHostPod(pod: PolicyPod, all: End[]): void {
    const known = this.#ofNode.get(pod.node ?? '');
    if (known) this.#ofPod.set(podRef(pod), known);
    else {
      const node = { name: pod.node ?? '', ips: pod.ips, labels: {} };
      this.#ofPod.set(
        podRef(pod),
        pod.ips.map((ip) => this.#addNode(node, ip, all)),
      );
    }
  }

  #indexPods(): void {
    for (const [index, end] of this.all.entries()) {
      if (end.kind !== 'pods') break;
      addBit(this.#bitsAt(this.#ofNamespace, end.namespace), index);
      for (const [key, value] of Object.entries(end.labels)) {
        const values = this.#withLabel.get(key) ?? new Map<string, Bitset>();
        this.#withLabel.set(key, values);
        addBit(this.#bitsAt(values, value), index);
      }
      const table = end.named.map(portKey).sort().join();
      const known = this.#portTables.get(table) ?? { named: end.named, bits: makeBitset(this.size) };
      this.#portTables.set(table, known);
      addBit(known.bits, index);
    }
  }

  #bitsAt<Key>(map: Map<Key, Bitset>, key: Key): Bitset {
    const bits = map.get(key) ?? makeBitset(this.size);
    map.set(key, bits);
    return bits;
  }

  #of(namespace: string): Bitset {
    return this.#ofNamespace.get(namespace) ?? makeBitset(this.size);
  }

  #once(key: string, find: () => Bitset): Bitset {
    const known = this.#found.get(key);
    if (known) return known;
    const bits = find();
    this.#found.set(key, bits);
    return bits;
  }

  #inNamespaces(selector: Selector): Bitset {
    return this.#once(`namespaces ${JSON.stringify(selector)}`, () => {
      const bits = makeBitset(this.size);
      for (const [name, of] of this.#ofNamespace) if (selectorHolds(selector, this.labelsOf(name))) unite(bits, of);
      return bits;
    });
  }

  #withLabels(selector: Selector): Bitset {
    return this.#once(`pods ${JSON.stringify(selector)}`, () => {
      const { matchLabels = {}, matchExpressions = [] } = selector;
      let bits = this.#allPods();
      for (const [key, value] of Object.entries(matchLabels))
        bits = intersection(bits, this.#withLabel.get(key)?.get(value) ?? makeBitset(this.size));
      for (const { key = '', operator = '', values = [] } of matchExpressions) {
        const known = this.#withLabel.get(key) ?? new Map<string, Bitset>();
        const wanted = makeBitset(this.size);
        if (operator === 'In' || operator === 'NotIn')
          for (const value of values) unite(wanted, known.get(value) ?? wanted);
        else for (const of of known.values()) unite(wanted, of);
        const isNegated = operator === 'NotIn' || operator === 'DoesNotExist';
        bits = bits.map((word, i) => word & (isNegated ? ~(wanted[i] ?? 0) : (wanted[i] ?? 0)));
      }
      return bits;
    });
  }

  #allPods(): Bitset {
    return this.#once('', () => {
      const bits = makeBitset(this.size);
      for (let end = 0; end < this.podCount; end++) addBit(bits, end);
      return bits;
    });
  }

  #inNet(net: Cidr, except: readonly Cidr[]): Bitset {
    return this.#once(`net ${net.text} ${except.map(({ text }) => text).join()}`, () => {
      const cells = makeBitset(this.#cells.cells.length);
      for (const cell of this.#cells.within(net, except)) addBit(cells, cell);
      const bits = makeBitset(this.size);
      for (const [index, end] of this.all.entries())
        if (end.cell !== undefined && hasBit(cells, end.cell)) addBit(bits, index);
      return bits;
    });
  }

  #entity(entity: CiliumEntity): Bitset {
    return this.#once(`entity ${entity}`, () => {
      const bits = makeBitset(this.size);
      for (const [index, end] of this.all.entries()) if (isEntity(end, entity)) addBit(bits, index);
      return bits;
    });
  }

  #nodes(selector: Selector): Bitset {
    return this.#once(`nodes ${JSON.stringify(selector)}`, () => {
      const bits = makeBitset(this.size);
      for (const [index, end] of this.all.entries())
        if (end.kind === 'node' && selectorHolds(selector, end.node.labels)) addBit(bits, index);
      return bits;
    });
  }

  /** Whether a pod with these labels would be found, wherever it runs. */
  holds(namespaces: Selector, namespace: string, pods: Selector, labels: Labels): boolean {
    return selectorHolds(namespaces, this.labelsOf(namespace)) && selectorHolds(pods, labels);
  }

  /** Whether nobody is found: a lint asks. */
  findsNobody(peer: UniformPeer): boolean {
    return isEmptyBitset(this.found(peer));
  }
}

/** A pod's own node is never asked about, so a node is always another one: nobody is `host`. */
function isEntity(end: End, entity: CiliumEntity): boolean {
  switch (entity) {
    case 'all':
      return true;
    case 'cluster':
      return end.kind !== 'range';
    case 'world':
      return end.kind === 'range';
    case 'remote-node':
      return end.kind === 'node';
    case 'kube-apiserver':
      return end.kind === 'node' && CONTROL_PLANE in end.node.labels;
    case 'host':
    case 'init':
    case 'ingress':
    case 'unmanaged':
    case 'health':
    case 'none':
      return false;
  }
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/** The API server gives each namespace this label, and nobody can change it. */
const withName = (name: string, labels: Labels): Labels => ({ ...labels, 'kubernetes.io/metadata.name': name });

const portKey = ({ name, port, protocol }: PolicyPodPort): string => `${name}=${port}/${protocol}`;
