/**
 * Where kube-proxy's own tests, and a real kernel, expect a first packet to end: walked by the nftables of the kernel model, over the table
 * that a sync writes and over the same table read back from its text.
 */
import { must } from '../../sim/base/assert.ts';
import type { NftRecordedInputs } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-case.ts';
import { type Choices, makeKernel } from '../../sim/linux/kernel.ts';
import { track } from '../../sim/linux/netfilter/conntrack.ts';
import type { HookName } from '../../sim/linux/netfilter/iptables/rule.ts';
import { manipAt } from '../../sim/linux/netfilter/manip.ts';
import { isDone, translate } from '../../sim/linux/netfilter/nat.ts';
import { chainsAt } from '../../sim/linux/netfilter/nftables/chains-at.ts';
import type { NftContext } from '../../sim/linux/netfilter/nftables/match.ts';
import type { NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import { walkBaseChain } from '../../sim/linux/netfilter/nftables/walk.ts';
import { openNetns } from '../../sim/linux/netns.ts';
import { LINUX } from '../../sim/linux/ops.ts';
import { isLocalAddress } from '../../sim/linux/routing/fib.ts';
import { ipOf, makeSkb } from '../../sim/linux/skb.ts';
import type { IpPacket } from '../../sim/wire/frame.ts';
import { ANY_NET, familyOf, ip } from '../../sim/wire/ip.ts';
import { ZERO_MAC } from '../../sim/wire/mac.ts';
import type { RecordedFlow, WalkedFlow } from './iptables-flows.ts';

export interface RecordedNftFlow extends RecordedFlow {
  readonly protocol: 'TCP' | 'UDP';
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

function firstPacket(flow: RecordedNftFlow): IpPacket {
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
function send(table: NftTable, inputs: NftRecordedInputs, flow: RecordedNftFlow, slot: number): Sent {
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
export function nftFlow(table: NftTable, inputs: NftRecordedInputs, flow: RecordedNftFlow): WalkedFlow {
  const first = send(table, inputs, flow, 0);
  const others = Array.from({ length: first.slots - 1 }, (_, i) => send(table, inputs, flow, i + 1));
  const results = [first, ...others];
  const outputs = results.map(({ output }) => output);
  return { output: outputs.join(', '), masq: results.some(({ masq }) => masq) };
}
