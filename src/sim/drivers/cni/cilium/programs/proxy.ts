/**
 * What proxies make of what policies send them: cilium-envoy of requests (cilium/proxy, cilium.l7policy), the agent's DNS proxy of
 * questions (pkg/fqdn/dnsproxy), 1.19.
 */
import type { HttpMatch } from '../../../../kube/cluster-policy.ts';
import type { TcContext, TcVerdict } from '../../../../linux/bpf/program.ts';
import { type DnsMessage, dnsReply, isAnswer } from '../../../../wire/dns.ts';
import type { IpPacket } from '../../../../wire/frame.ts';
import { DNS_PROXY_PORT } from '../facts.ts';
import type { PolicyValue } from '../maps.ts';
import { nameMatches } from './name-pattern.ts';

/** The packet ends here. */
export type Taken = Exclude<TcVerdict, { kind: 'pass' }>;

/** Null: it lets it pass. Of a handshake it sees nothing. */
export const atProxy = (ctx: TcContext, value: PolicyValue, src: number, dst: number): Taken | null =>
  value.proxyPort === DNS_PROXY_PORT ? atDnsProxy(ctx, value, src, dst) : atEnvoy(ctx, value, src, dst);

function atEnvoy(ctx: TcContext, { requests }: PolicyValue, src: number, dst: number): Taken | null {
  const request = requestIn(ctx.packet);
  if (request === null) return null;
  const { method, path } = request;
  const allows = requests === '' ? [{}] : (JSON.parse(requests) as readonly HttpMatch[]);
  const isAllowed = allows.some((one) => matches(one.method, method) && matches(one.path, path));
  tellRequest(ctx, 'http-request', { src, dst, isAllowed, request: requestText(ctx.packet, request) });
  if (isAllowed) return null;
  // SIMPLIFIED: of Envoy's headers only these.
  const rest = ['content-type: text/plain', 'server: envoy', '', 'Access denied'].join('\n');
  return { kind: 'proxy', by: 'cilium-envoy', answer: { note: 'HTTP/1.1 403 Forbidden', rest } };
}

/** A question that no rule allows is refused (`tofqdns-dns-reject-response-code`). */
function atDnsProxy(ctx: TcContext, { requests }: PolicyValue, src: number, dst: number): Taken | null {
  const message = dnsIn(ctx.packet);
  if (message === undefined || isAnswer(message)) return null;
  const { name, type } = message.question;
  const allows = requests === '' ? ['*'] : (JSON.parse(requests) as readonly string[]);
  const isAllowed = allows.some((pattern) => nameMatches(pattern, name));
  tellRequest(ctx, 'dns-request', { src, dst, isAllowed, request: `DNS Query ${name} ${type}` });
  return isAllowed ? null : { kind: 'proxy', by: 'the DNS proxy', answer: { dns: dnsReply(message, 'REFUSED') } };
}

interface Seen {
  readonly src: number;
  readonly dst: number;
  readonly isAllowed: boolean;
  readonly request: string;
}

function tellRequest(ctx: TcContext, point: string, { src, dst, isAllowed, request }: Seen): void {
  ctx.notify({ point, src, dst, ct: 'established', request, ...(isAllowed ? {} : { dropped: point }) });
}

/** Envoy's expressions must match the whole (`safe_regex`, RE2). */
const matches = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text);

interface HttpRequest {
  readonly method: string;
  readonly path: string;
}

function requestIn({ l4 }: IpPacket): HttpRequest | null {
  if (!('note' in l4) || l4.note === undefined) return null;
  const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(l4.note) ?? [];
  return method === undefined || path === undefined ? null : { method, path };
}

/** SIMPLIFIED: the address in place of the Host header, which is not kept. */
const requestText = ({ dst }: IpPacket, { method, path }: HttpRequest): string =>
  `HTTP/1.1 ${method} http://${dst}${path}`;

export const dnsIn = ({ l4 }: IpPacket): DnsMessage | undefined => ('dns' in l4 ? l4.dns : undefined);
