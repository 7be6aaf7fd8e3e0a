/**
 * What the program prints. Texts of curl 7.81, netcat-openbsd 1.218, ping of iputils 20211215 and `traceroute -n`; they name the
 * errno, which newer curls hide behind "Couldn't connect to server".
 */
import type { Step } from '../../linux/step.ts';
import { headerBytes, isIcmp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { PROBE_WAIT_MS } from '../program-result.ts';
import { innerPacket } from './packet-words.ts';
import { askedText, type Case } from './verdict-case.ts';
import { mtuOf } from './verdict-told.ts';

const NS_PER_MS = 1_000_000;
const ICMP_HEADER_BYTES = 8;

/** `strerror` of glibc. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  EMSGSIZE: 'Message too long',
  ETIMEDOUT: 'Connection timed out',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EINVAL: 'Invalid argument',
};

export function printedOf(c: Case): string {
  switch (c.probe.proto) {
    case 'tcp':
      return c.probe.options?.handshakeOnly ? printNc(c) : printCurl(c);
    case 'udp':
      return printUdp(c);
    case 'sctp':
      return printNcat(c);
    case 'ping':
      return printPing(c);
    case 'traceroute':
      return printTraceroute(c);
    // Theirs is printed from what they heard (`print-name-tools.ts`).
    case 'nslookup':
    case 'dig':
      return '';
  }
}

function errorText({ result }: Case): string {
  const byOutcome: Partial<Record<typeof result.outcome, string>> = {
    refused: 'Connection refused',
    timeout: 'Connection timed out',
    'no-route': 'Network is unreachable',
    'net-unreachable': 'Network is unreachable',
    'host-unreachable': 'No route to host',
    'ttl-exceeded': 'No route to host',
    prohibited: 'No route to host',
    'message-too-long': 'Message too long',
  };
  return (result.errno && ERRNO_TEXT[result.errno]) ?? byOutcome[result.outcome] ?? result.outcome;
}

function elapsedMs({ result, steps }: Case): number {
  const at = result.atStep === null ? undefined : steps[result.atStep];
  return Math.max(0, Math.round((at?.atNs ?? 0) / NS_PER_MS));
}

const deliveredNote = (step: Step | undefined): string | undefined => {
  const l4 = step && innerPacket(step.frame)?.l4;
  return l4 && 'note' in l4 ? l4.note : undefined;
};

/** As `curl -i` prints it. */
function answerText(step: Step | undefined): string | undefined {
  const l4 = step && innerPacket(step.frame)?.l4;
  if (!l4 || !('note' in l4)) return undefined;
  return 'rest' in l4 && l4.rest !== undefined ? `${l4.note}\n${l4.rest}` : l4.note;
}

function printCurl(c: Case): string {
  const { result, asked, probe } = c;
  const host = probe.to.kind === 'service' && probe.to.via === 'name' ? hostName(probe.to.ref) : (asked?.ip ?? '');
  if (result.outcome === 'unresolved') return `curl: (6) Could not resolve host: ${host}`;
  if (result.outcome === 'connected' || result.outcome === 'reply') {
    const response = c.steps.findLast((s) => s.kind === 'deliver' && s.ns === c.from && deliveredNote(s) !== undefined);
    return answerText(response) ?? `Connected to ${host} (${asked?.ip}) port ${asked?.port}`;
  }
  if (result.outcome === 'timeout')
    return `curl: (28) Connection timed out after ${probe.options?.waitMs ?? PROBE_WAIT_MS} milliseconds`;
  return `curl: (7) Failed to connect to ${host} port ${asked?.port} after ${elapsedMs(c)} ms: ${errorText(c)}`;
}

/** `web.default`: `namespace/name` as a resolver's search path completes it. */
function hostName(ref: string): string {
  const [namespace, name] = ref.split('/');
  return `${name}.${namespace}`;
}

/** Ncat 7.9x, `ncat --sctp -v`. */
function printNcat(c: Case): string {
  const { result, asked, probe } = c;
  if (result.outcome === 'unresolved')
    return `Ncat: Could not resolve hostname "${hostName('ref' in probe.to ? probe.to.ref : '')}": Name or service not known. QUITTING.`;
  if (result.outcome === 'connected' || result.outcome === 'reply')
    return `Ncat: Connected to ${asked?.ip}:${asked?.port}.`;
  return `Ncat: ${result.outcome === 'timeout' ? 'TIMEOUT' : errorText(c)}.`;
}

function printNc(c: Case): string {
  const { result, asked, probe } = c;
  if (result.outcome === 'unresolved')
    return `nc: getaddrinfo for host "${hostName('ref' in probe.to ? probe.to.ref : '')}": Name or service not known`;
  if (result.outcome === 'connected' || result.outcome === 'reply')
    return `Connection to ${asked?.ip} ${asked?.port} port [tcp/*] succeeded!`;
  return `nc: connect to ${asked?.ip} port ${asked?.port} (tcp) failed: ${errorText(c)}`;
}

function printUdp(c: Case): string {
  const { result } = c;
  const told = result.atStep === null ? undefined : c.steps[result.atStep];
  if (result.outcome === 'reply' || result.outcome === 'connected') return deliveredNote(told) ?? 'answer received';
  if (result.outcome === 'timeout') return `no answer after ${c.probe.options?.waitMs ?? PROBE_WAIT_MS} ms`;
  return errorText(c);
}

/** Of `ping -6`. */
const PING6_WORDS: Readonly<Record<string, string>> = {
  'no-route': 'Destination unreachable: No route',
  'adm-prohibited': 'Destination unreachable: Administratively prohibited',
  'beyond-scope': 'Destination unreachable: Beyond scope of source address',
  'addr-unreachable': 'Destination unreachable: Address unreachable',
  'port-unreachable': 'Destination unreachable: Port unreachable',
  'ttl-exceeded': 'Time exceeded: Hop limit',
};

const PING_WORDS: Readonly<Record<string, string>> = {
  'port-unreachable': 'Destination Port Unreachable',
  'host-unreachable': 'Destination Host Unreachable',
  'net-unreachable': 'Destination Net Unreachable',
  'host-prohibited': 'Destination Host Prohibited',
  'admin-prohibited': 'Packet filtered',
  'ttl-exceeded': 'Time to live exceeded',
};

function printPing(c: Case): string {
  const { result } = c;
  const told = result.atStep === null ? undefined : c.steps[result.atStep];
  const packet = told && innerPacket(told.frame);
  if (result.outcome === 'reply' && packet) {
    const bytes = isIcmp(packet.l4) ? packet.l4.dataBytes + ICMP_HEADER_BYTES : packet.len - headerBytes(packet.dst);
    return `${bytes} bytes from ${packet.src}: icmp_seq=1 ttl=${packet.ttl}`;
  }
  if (result.icmp === 'frag-needed')
    return `From ${result.errorFrom} icmp_seq=1 Frag needed and DF set (mtu = ${result.mtuBytes})`;
  if (result.icmp === 'packet-too-big')
    return `From ${result.errorFrom} icmp_seq=1 Packet too big: mtu=${result.mtuBytes}`;
  if (result.outcome === 'message-too-long') return `ping: local error: message too long, mtu=${mtuOf(c) ?? '?'}`;
  if (result.icmp !== undefined && result.errorFrom !== undefined) {
    const words = familyOf(result.errorFrom) === 6 ? PING6_WORDS : PING_WORDS;
    return `From ${result.errorFrom} icmp_seq=1 ${words[result.icmp] ?? result.icmp}`;
  }
  if (result.errno !== undefined && result.outcome !== 'timeout') return `ping: connect: ${errorText(c)}`;
  return '1 packets transmitted, 0 received, 100% packet loss';
}

const TRACEROUTE_MARKS: Readonly<Record<string, string>> = {
  'host-unreachable': ' !H',
  'net-unreachable': ' !N',
  'host-prohibited': ' !X',
  'admin-prohibited': ' !X',
  'frag-needed': ' !F',
  'no-route': ' !N',
  'addr-unreachable': ' !H',
  'adm-prohibited': ' !X',
  'packet-too-big': ' !F',
};

function printTraceroute(c: Case): string {
  const lines = (c.result.route ?? []).map(({ ttl, from, what }) => {
    return `${String(ttl).padStart(2)}  ${from === null ? '*' : `${from}${TRACEROUTE_MARKS[what] ?? ''}`}`;
  });
  const to = c.asked?.ip ?? askedText(c);
  return [`traceroute to ${to} (${to}), 30 hops max`, ...lines].join('\n');
}
