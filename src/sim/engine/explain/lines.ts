/** How tools print the objects that take part in a trace: one place that knows which printer prints what. */
import type { FdbEntry, Listener, Neighbour, Route } from '../../linux/config.ts';
import { printRule } from '../../linux/netfilter/iptables/print.ts';
import type { CtSnapshot, CtTuple } from '../../linux/step.ts';
import type { Frame, IpPacket } from '../../wire/frame.ts';
import { endsOf, innerPacket, isFrame, kindOfPacket, packetOf } from './packet-words.ts';

export const ruleLine = printRule;

export function routeLine(route: Route): string {
  const words = [
    route.type === 'unicast' ? '' : route.type,
    route.dst.prefix === 0 ? 'default' : route.dst.text.replace(/\/32$/, ''),
    route.via ? `via ${route.via}` : '',
    route.dev ? `dev ${route.dev}` : '',
    route.src ? `src ${route.src}` : '',
    route.onlink ? 'onlink' : '',
  ];
  return words.filter(Boolean).join(' ');
}

export const neighbourLine = (entry: Neighbour): string => `${entry.ip} dev ${entry.dev} lladdr ${entry.mac} PERMANENT`;

export const fdbLine = (entry: FdbEntry): string =>
  entry.dst === undefined
    ? `${entry.mac} dev ${entry.port ?? entry.dev} master ${entry.dev} permanent`
    : `${entry.mac} dev ${entry.dev} dst ${entry.dst} self permanent`;

export function conntrackLine(entry: CtSnapshot): string {
  const state = entry.tcpState ? ` ${entry.tcpState}` : '';
  const tuple = (t: CtTuple): string => `src=${t.src} dst=${t.dst} sport=${t.sport} dport=${t.dport}`;
  const unreplied = entry.seenReply ? '' : ' [UNREPLIED]';
  return `${entry.proto}${state} ${tuple(entry.original)}${unreplied} ${tuple(entry.reply)}${entry.assured ? ' [ASSURED]' : ''} mark=${entry.mark}`;
}

export function frameLine(frame: Frame | IpPacket): string {
  const macs = isFrame(frame) ? `${frame.smac} > ${frame.dmac} ` : '';
  const inner = innerPacket(frame);
  const outer = packetOf(frame);
  if (!inner || !outer) return `${macs}${kindOfPacket(frame)}`;
  const { src, dst } = endsOf(inner);
  const tunnel = inner === outer ? '' : `${endsOf(outer).src} > ${endsOf(outer).dst} VXLAN | `;
  return `${macs}${tunnel}${src} > ${dst} ${kindOfPacket(frame)} ttl ${inner.ttl} length ${inner.len}`;
}

/** As `ss -lntu` prints it, without the counters. */
export const listenerLine = ({ proto, port, ip, program }: Listener): string =>
  `${proto}   ${proto === 'tcp' ? 'LISTEN' : 'UNCONN'}   ${ip ?? '0.0.0.0'}:${port}   users:(("${program}"))`;
