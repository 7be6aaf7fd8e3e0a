/** A probe as a tuple: [from, to, port, proto, options]. An end is a letter and what it names; port 0 is none. */
import type { Probe, ProbeTo } from '../probe.ts';
import { fillTuple, type Json, optional, recordIn, trimTuple } from './tuple.ts';

const defaults: readonly Json[] = ['', '', 80, 'tcp', {}];

export function packProbe({ from, to, port, proto, options }: Probe): Json[] {
  return trimTuple([packEnd(from), packEnd(to), port ?? 0, proto, { ...options } as Record<string, Json>], defaults);
}

export function unpackProbe(packed: unknown): unknown {
  const [from, to, port, proto, options] = fillTuple(packed, defaults);
  const hasOptions = Object.keys(recordIn(options)).length > 0;
  return {
    from: unpackEnd(from),
    to: unpackEnd(to),
    proto,
    ...optional('port', port === 0 ? undefined : port),
    ...optional('options', hasOptions ? options : undefined),
  };
}

const viaLetters = { name: 's', clusterIP: 'c', loadBalancer: 'l', externalIP: 'x' } as const;

function packEnd(end: ProbeTo): string {
  if (end.kind === 'ip') return `i${end.ip}`;
  if (end.kind === 'name') return `d${end.name}`;
  if (end.kind === 'service') return `${viaLetters[end.via]}${end.ref}`;
  return `${end.kind.charAt(0)}${end.ref}`;
}

/** The decoder refuses an end without a kind. */
function unpackEnd(packed: unknown): unknown {
  const [letter, named] = [String(packed).charAt(0), String(packed).slice(1)];
  switch (letter) {
    case 'p':
      return { kind: 'pod', ref: named };
    case 'n':
      return { kind: 'node', ref: named };
    case 'e':
      return { kind: 'external', ref: named };
    case 's':
      return { kind: 'service', ref: named, via: 'name' };
    case 'd':
      return { kind: 'name', name: named };
    case 'c':
      return { kind: 'service', ref: named, via: 'clusterIP' };
    case 'l':
      return { kind: 'service', ref: named, via: 'loadBalancer' };
    case 'x':
      return { kind: 'service', ref: named, via: 'externalIP' };
    case 'i':
      return { kind: 'ip', ip: named };
    default:
      return { kind: letter };
  }
}
