/** What the agent learns from an answer that its DNS proxy hands on (pkg/fqdn, daemon/cmd/fqdn.go `notifyOnDNSMsg`, 1.19). */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { isAnswer } from '../../../../wire/dns.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { ipToInt } from '../../../../wire/ip.ts';
import { CIDR_IDENTITY_MIN, DNS_PROXY_PORT, NAME_IDENTITY_MIN, WORLD } from '../facts.ts';
import { IPCACHE, NAMES, NO_TUNNEL, POLICY } from '../maps.ts';
import type { NameRule } from '../policies.ts';
import type { EndpointConf } from './conf.ts';
import { type Flow, reversed } from './flow.ts';
import { whoIs } from './forward.ts';
import { nameMatches } from './name-pattern.ts';
import { findEntry, policySuffix } from './policy-map.ts';
import { dnsIn } from './proxy.ts';

const IDENTITIES = 2 ** 20;

/** Before the pod has the answer, its addresses are somebody whom the pod's rules for the name allow. Only what the proxy saw counts. */
export function learnNames(ctx: TcContext, conf: EndpointConf, source: number, flow: Flow): void {
  const message = dnsIn(ctx.packet);
  if (message === undefined || !isAnswer(message)) return;
  const suffix = policySuffix(conf.endpoint);
  const asked = findEntry(ctx, 'Egress', source, reversed(flow), suffix);
  if (asked === undefined || ctx.peek(POLICY, asked, suffix)?.proxyPort !== DNS_PROXY_PORT) return;
  const { name } = message.question;
  const rules = (JSON.parse(conf.names) as readonly NameRule[]).filter(({ names }) =>
    names.some((pattern) => nameMatches(pattern, name)),
  );
  if (rules.length === 0) return;
  for (const record of message.answers) if (record.type === 'A') learn(ctx, suffix, record.address, name, rules);
}

function learn(ctx: TcContext, suffix: string, ip: Ip, name: string, rules: readonly NameRule[]): void {
  const { identity: before } = whoIs(ctx, ip);
  // Names never stand for pods and nodes.
  if (before !== WORLD && before < CIDR_IDENTITY_MIN) return;
  const isKnown = before >= NAME_IDENTITY_MIN;
  const identity = isKnown ? before : NAME_IDENTITY_MIN + (ipToInt(ip) % IDENTITIES);
  const origin = { by: 'cilium-agent', for: name, why: 'the DNS proxy saw this address for the name' };
  if (!isKnown) {
    ctx.update(IPCACHE, { base: ip, prefix: 32 }, { identity, tunnel: NO_TUNNEL, flags: '<none>' }, undefined, origin);
    ctx.update(NAMES, { identity }, { base: before, ip, name }, undefined, origin);
  }
  for (const rule of rules)
    for (const port of rule.ports) {
      const { proto, port: number, bits } = port;
      const key = { direction: 'Egress', identity, proto, port: number, bits } as const;
      ctx.update(POLICY, key, rule.value, suffix, rule.origin);
    }
}
