/** What only IPVS does: a virtual server without real servers, and externalTrafficPolicy Local that uses all endpoints after all. */
import { endpointText } from '../../linux/ipvs/table.ts';
import { serviceName } from './names.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';

/** ICMP port unreachable by IPVS itself: `ip_vs_leave` (net/netfilter/ipvs/ip_vs_core.c). */
export function findNoServer(c: Case, drop: StepOf<'drop'>, remedy: string): Finding {
  const where = c.names.ns(drop.ns);
  const name = c.door ? serviceName(c.door.service) : askedText(c);
  const hasEndpoints = c.door?.port.endpoints.some((e) => e.ready) === true;
  const lacks = hasEndpoints
    ? `IPVS on ${where} has no real server that takes new connections`
    : 'it has no ready endpoints';
  return {
    step: drop.i,
    reason: drop.reason,
    ...(drop.culprit ? { culprit: drop.culprit } : {}),
    sentence: `Refused: ${name} has a virtual server on ${where}, but ${lacks}, so IPVS itself answered with ICMP port unreachable (no REJECT rule is involved).`,
    remedy,
  };
}

/** pkg/proxy/ipvs: policy Local without a local endpoint falls back to all of them. */
export function fallbackNote(c: Case): string {
  const { door } = c;
  const sent = c.steps.find(
    (s) => s.kind === 'ipvs' && s.role === 'request' && s.server.forward === undefined && s.packet === c.first?.packet,
  );
  if (sent?.kind !== 'ipvs' || !door) return '';
  const isInternal = door.door === 'clusterIP';
  const policy = isInternal ? door.service.internalTrafficPolicy : door.service.externalTrafficPolicy;
  if (policy !== 'Local' || door.port.endpoints.some((e) => e.ready && e.node === sent.ns)) return '';
  const field = isInternal ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  return ` ${c.names.ns(sent.ns)} has no endpoint of its own: in spite of ${field} Local, kube-proxy's IPVS mode then uses all of them, here ${endpointText(sent.server)}, where the other modes would drop the packet.`;
}
