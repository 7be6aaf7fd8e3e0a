/**
 * Where kube-proxy's own tests, and a real kernel, expect a first packet to end: walked by the nftables of the kernel model, over the table
 * that a sync writes and over the same table read back from its text.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { must } from '../../../../base/assert.ts';
import { type Choices, makeKernel } from '../../../../linux/kernel.ts';
import { track } from '../../../../linux/netfilter/conntrack.ts';
import type { HookName } from '../../../../linux/netfilter/iptables/rule.ts';
import { manipAt } from '../../../../linux/netfilter/manip.ts';
import { isDone, translate } from '../../../../linux/netfilter/nat.ts';
import { chainsAt } from '../../../../linux/netfilter/nftables/chains-at.ts';
import type { NftContext } from '../../../../linux/netfilter/nftables/match.ts';
import { parseNft } from '../../../../linux/netfilter/nftables/parse.ts';
import { printTable } from '../../../../linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { walkBaseChain } from '../../../../linux/netfilter/nftables/walk.ts';
import { openNetns } from '../../../../linux/netns.ts';
import { LINUX } from '../../../../linux/ops.ts';
import { isLocalAddress } from '../../../../linux/routing/fib.ts';
import { ipOf, makeSkb } from '../../../../linux/skb.ts';
import type { IpPacket } from '../../../../wire/frame.ts';
import { ANY_NET, familyOf, ip } from '../../../../wire/ip.ts';
import { ZERO_MAC } from '../../../../wire/mac.ts';
import { type NftRecordedInputs, recordedTable } from './recorded-case.ts';

const folder = new URL('../../../../../../../shared/truth/kube-proxy/nftables/', import.meta.url);

interface Flow {
  readonly name: string;
  readonly sourceIP: string;
  readonly destIP: string;
  readonly destPort: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly expectedOutput: string;
  readonly masq: boolean;
}

const MASQUERADE_PORT = 50_000;
const CLIENT_PORT = 40_000;

const CHOICES: Choices = {
  statistic: () => true,
  numgen: () => 0,
  masqueradePort: () => MASQUERADE_PORT,
  tunnelPort: () => MASQUERADE_PORT,
  ephemeralPort: () => CLIENT_PORT,
};

/** The node: its addresses, and everything else behind the first device that is not loopback. */
function nodeOf({ nodeInterfaces = {} }: NftRecordedInputs) {
  const names = Object.keys(nodeInterfaces);
  const addresses = Object.entries(nodeInterfaces).flatMap(([dev, texts]) =>
    texts.map((text) => {
      const [address = '', prefix] = text.split('/');
      return { dev, ip: ip(address), prefix: Number(prefix), scope: dev === 'lo' ? 'host' : 'global' } as const;
    }),
  );
  return openNetns({
    id: 'node',
    devices: names.map((name) => ({
      name,
      kind: name === 'lo' ? 'loopback' : 'dummy',
      mac: ZERO_MAC,
      mtuBytes: 1500,
      up: true,
    })),
    addresses: addresses.filter((each) => familyOf(each.ip) === 4),
    routes: [
      {
        dst: ANY_NET,
        type: 'unicast',
        dev: must(
          names.find((name) => name !== 'lo'),
          'a device',
        ),
        table: 'main',
        scope: 'global',
      },
    ],
    neighbours: [],
    fdb: [],
    sysctl: {},
    iptables: new Map(),
    ipsets: [],
    listeners: [],
  });
}

function firstPacket(flow: Flow): IpPacket {
  const ports = { sport: CLIENT_PORT, dport: flow.destPort, dataBytes: 0 };
  return {
    kind: 'ip',
    src: ip(flow.sourceIP),
    dst: ip(flow.destIP),
    ttl: 64,
    df: true,
    mf: false,
    fragOffset: 0,
    id: 0,
    len: 60,
    l4: flow.protocol === 'TCP' ? { proto: 'tcp', ...ports, flags: 'S', seq: 0, ack: 0 } : { proto: 'udp', ...ports },
  };
}

interface Sent {
  readonly output: string;
  readonly masq: boolean;
  /** Slots that numgen could have drawn. */
  readonly slots: number;
}

/** One packet through the hooks of one node; `slot` is what numgen draws. */
function send(table: NftTable, inputs: NftRecordedInputs, flow: Flow, slot: number): Sent {
  const ns = nodeOf(inputs);
  const k = makeKernel(new Map(), CHOICES, LINUX, false);
  const skb = makeSkb({ id: 'p1', payload: firstPacket(flow) });
  skb.ct = track(ns.memory.conntrack, ipOf(skb), true).ref;
  const entry = must(skb.ct.entry, 'an entry');
  let slots = 1;
  const numgen: NftContext['numgen'] = (endpoints) => {
    slots = endpoints.length;
    return slot;
  };
  const at = { k, ns, skb, iif: 'eth0', oif: 'eth0', learned: new Map(), numgen, tell: () => undefined };
  const runHook = (hook: HookName): string | undefined => {
    for (const { table: owner, chain } of chainsAt([table], hook)) {
      const isNat = chain.base?.type === 'nat';
      if (isNat && isDone(entry, manipAt(hook))) continue;
      const verdict = walkBaseChain({ ...at, table: owner }, chain);
      if (!verdict.accept) return verdict.reject ? 'REJECT' : 'DROP';
      if (isNat) translate(k, ns, skb, hook, 'rule');
    }
    return undefined;
  };
  const isFromNode = isLocalAddress(ns, ipOf(skb).src);
  const stopped =
    runHook(isFromNode ? 'OUTPUT' : 'PREROUTING') ??
    (isLocalAddress(ns, ipOf(skb).dst)
      ? runHook('INPUT')
      : ((isFromNode ? undefined : runHook('FORWARD')) ?? runHook('POSTROUTING')));
  const endpoint = entry.dnat ? `${entry.reply.src}:${entry.reply.sport}` : '';
  return { output: stopped ?? endpoint, masq: entry.snat, slots };
}

/** Every endpoint that may be chosen, as the recorded cases list them. */
function trace(table: NftTable, inputs: NftRecordedInputs, flow: Flow): { output: string; masq: boolean } {
  const first = send(table, inputs, flow, 0);
  const others = Array.from({ length: first.slots - 1 }, (_, i) => send(table, inputs, flow, i + 1));
  const results = [first, ...others];
  const outputs = results.map(({ output }) => output);
  return { output: outputs.join(', '), masq: results.some(({ masq }) => masq) };
}

interface FlowCase {
  readonly layout?: string;
  readonly inputs: NftRecordedInputs;
  readonly expected?: { readonly dump?: string; readonly nftList?: string; readonly flows?: readonly Flow[] };
}

const cases = (existsSync(folder) ? readdirSync(folder) : []).sort().map((file) => {
  const read = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as FlowCase;
  return { file, ...read };
});

const flows = cases.flatMap(({ file, inputs, layout, expected }) =>
  (expected?.flows ?? []).map(
    (flow) => [file, flow.name, layout === undefined ? inputs : { ...inputs, layout }, expected, flow] as const,
  ),
);

function readTable(text: string): NftTable {
  const parsed = parseNft(text);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return must(parsed.value[0], 'a table');
}

describe('flows of kube-proxy cases', () => {
  it.skipIf(!existsSync(folder))('lie in ../shared/truth/kube-proxy/nftables', () => {
    expect(flows.length).toBeGreaterThan(0);
  });

  it.each(flows)('%s: %s', (_file, _name, inputs, expected, flow) => {
    const table = recordedTable(inputs);
    const wanted = { output: flow.expectedOutput, masq: flow.masq };
    expect(trace(table, inputs, flow)).toEqual(wanted);
    for (const text of [printTable(table), expected?.dump, expected?.nftList])
      if (text !== undefined) expect(trace(readTable(text), inputs, flow)).toEqual(wanted);
  });

  it.each(flows.filter(([, , , , flow]) => flow.expectedOutput.includes(', ')))(
    'layout C chooses the same endpoints: %s: %s',
    (_file, _name, inputs, _expected, flow) => {
      expect(trace(recordedTable({ ...inputs, layout: 'C' }), inputs, flow).output).toBe(flow.expectedOutput);
    },
  );
});
