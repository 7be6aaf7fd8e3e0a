/** A probe as the command that a person would type in a pod, and back. */
import { err, ok, type Result } from '../../sim/base/result.ts';
import { hasPort, type Probe, type ProbeProto } from '../../sim/scenario/probe.ts';
import { parseNameCommand, printNameCommand } from './name-command.ts';
import { type EndOption, hostText, resolveTo } from './probe-ends.ts';

const SCHEME_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
const HINT =
  'Try curl http://NAME/, curl ADDRESS:PORT, ping ADDRESS, traceroute NAME, nc -u NAME PORT, nslookup NAME, or dig NAME TYPE.';

interface Target {
  readonly proto: ProbeProto;
  readonly host: string;
  readonly port?: number;
  readonly path?: string;
}

/** The probe that a command means, sent from where the last one started. */
export function parseCommand(text: string, from: Probe['from'], options: readonly EndOption[]): Result<Probe, string> {
  const [program = '', ...words] = text.trim().split(/\s+/);
  if (program === 'nslookup' || program === 'dig') return parseNameCommand(program, words, from);
  const target = readTarget(text);
  if (!target.ok) return target;
  const near = from.kind === 'pod' ? (from.ref.split('/')[0] ?? null) : null;
  const end = resolveTo(options, target.value.host, near);
  if (!end.ok) return end;
  const { proto, port, path } = target.value;
  const family = familyOf(text);
  const more = { ...(path === undefined ? {} : { path }), ...(family && { family }) };
  const asked = Object.keys(more).length > 0 ? { options: more } : {};
  if (!hasPort(proto)) return ok({ from, to: end.value.end, proto, ...asked });
  const chosen = port ?? end.value.ports?.[0]?.port;
  if (chosen === undefined) return err(`Say the port: "${text.trim()}" names none.`);
  return ok({ from, to: end.value.end, proto, port: chosen, ...asked });
}

/** `-4` and `-6` of curl, ping, traceroute and nc, alone or among other letters. */
function familyOf(text: string): 'IPv4' | 'IPv6' | undefined {
  const [, digit] = /(?:^|\s)-[a-zA-Z]*([46])[a-zA-Z]*(?=\s|$)/.exec(text) ?? [];
  return digit === undefined ? undefined : `IPv${digit as '4' | '6'}`;
}

function readTarget(text: string): Result<Target, string> {
  const words = text.trim().split(/\s+/);
  const [program = '', ...rest] = words;
  const args = rest.filter((word) => !word.startsWith('-'));
  const [first, second] = args;
  if (first === undefined) return err(program === '' ? HINT : `${program} what? ${HINT}`);
  switch (program) {
    case 'curl':
    case 'wget':
      return readUrl(first);
    case 'ping':
    case 'traceroute':
    case 'tracepath':
      return ok({ proto: program === 'ping' ? 'ping' : 'traceroute', host: first });
    case 'nc':
    case 'ncat': {
      const isUdp = rest.some((word) => /^-\w*u/.test(word));
      const proto = rest.includes('--sctp') ? 'sctp' : isUdp ? 'udp' : 'tcp';
      const port = readPort(second ?? '');
      if (!port.ok) return port;
      return ok({ proto, host: first, port: port.value });
    }
    default:
      return err(`"${program}" is not a command that can be sent. ${HINT}`);
  }
}

function readUrl(text: string): Result<Target, string> {
  const parts = /^(?:([a-z]+):\/\/)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(\/[^?#]*)?(?:[?#].*)?$/i.exec(text);
  if (parts === null) return err(`"${text}" is not a URL.`);
  const [, scheme, name = '', digits, path = '/'] = parts;
  // RFC 3986: an IPv6 address stands in brackets.
  const host = name.replace(/^\[(.*)\]$/, '$1');
  const asked = path === '/' ? {} : { path };
  const ofScheme = SCHEME_PORTS[scheme?.toLowerCase() ?? 'http'];
  if (ofScheme === undefined) return err(`curl here knows http and https, not "${scheme}".`);
  if (digits === undefined) return ok({ proto: 'tcp', host, port: ofScheme, ...asked });
  const port = readPort(digits);
  return port.ok ? ok({ proto: 'tcp', host, port: port.value, ...asked }) : port;
}

export function readPort(text: string): Result<number, string> {
  const port = Number(text);
  if (!/^\d+$/.test(text.trim()) || port < 1 || port > 65535) return err(`"${text}" is not a port: 1 to 65535.`);
  return ok(port);
}

/** The command that sends this probe, as shown in the text field. */
export function printCommand(probe: Probe, options: readonly EndOption[]): string {
  const host = hostOf(probe, options);
  const port = probe.port ?? 0;
  const { path, family } = probe.options ?? {};
  const flag = family === undefined ? '' : family === 'IPv4' ? ' -4' : ' -6';
  const inUrl = host.includes(':') ? `[${host}]` : host;
  switch (probe.proto) {
    case 'tcp':
      return port === 80 ? `curl${flag} http://${inUrl}${path ?? '/'}` : `curl${flag} ${inUrl}:${port}${path ?? ''}`;
    case 'udp':
      return `nc${flag} -u ${host} ${port}`;
    case 'sctp':
      return `ncat${flag} --sctp ${host} ${port}`;
    case 'ping':
    case 'traceroute':
      return `${probe.proto}${flag} ${host}`;
    case 'nslookup':
    case 'dig':
      return printNameCommand(probe.proto, probe.options ?? {}, host);
  }
}

function hostOf({ to, options: asked }: Probe, options: readonly EndOption[]): string {
  if (to.kind === 'ip') return hostText(to.ip);
  if (to.kind === 'name') return to.name;
  if (to.kind !== 'service') return to.kind === 'pod' ? (to.ref.split('/')[1] ?? to.ref) : to.ref;
  const [namespace, name] = to.ref.split('/');
  if (to.via === 'name') return `${name}.${namespace}`;
  const shown = options.find(({ end }) => end.kind === 'service' && end.via === to.via && end.ref === to.ref);
  const addresses = /\(([^)]+)\)$/.exec(shown?.text ?? '')?.[1]?.split(', ') ?? [];
  const isAsked = (ip: string): boolean => ip.includes(':') === (asked?.family === 'IPv6');
  const chosen = asked?.family === undefined ? addresses[0] : addresses.find(isAsked);
  return chosen ?? `${name}.${namespace}`;
}
