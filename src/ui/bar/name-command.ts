/** `nslookup [-type=T] NAME [SERVER]` and `dig [@SERVER] [-x] NAME [TYPE] [+search] [+tcp]`, read and written. */
import { err, ok, type Result } from '../../sim/base/result.ts';
import type { DnsOptions, NameTool, Probe, ProbeTo } from '../../sim/scenario/probe.ts';
import { DNS_TYPES, type DnsType, nameProblem } from '../../sim/wire/dns.ts';
import { parseIp } from '../../sim/wire/ip.ts';

interface Words {
  readonly name?: string;
  readonly options: DnsOptions;
}

export function parseNameCommand(
  program: NameTool,
  words: readonly string[],
  from: Probe['from'],
): Result<Probe, string> {
  const read = program === 'dig' ? readDig(words) : readNslookup(words);
  if (!read.ok) return read;
  const { name, options } = read.value;
  if (name === undefined) return err(`${program} what? Try ${program} NAME.`);
  const address = parseIp(name);
  const problem = address.ok ? null : nameProblem(name);
  if (problem !== null) return err(`"${name}" cannot be asked for: ${problem}.`);
  const to: ProbeTo = address.ok ? { kind: 'ip', ip: address.value } : { kind: 'name', name };
  return ok({ from, to, proto: program, ...(Object.keys(options).length > 0 && { options: { dns: options } }) });
}

function readDig(words: readonly string[]): Result<Words, string> {
  let found: Words = { options: {} };
  const add = (options: DnsOptions): void => {
    found = { ...found, options: { ...found.options, ...options } };
  };
  for (const word of words) {
    const type = typeOf(word);
    if (word.startsWith('@')) {
      const server = parseIp(word.slice(1));
      if (!server.ok) return err(`dig here takes the address of a server: ${server.error}.`);
      add({ server: server.value });
    } else if (word === '+tcp' || word === '+vc') add({ tcp: true });
    else if (word === '+search') add({ search: true });
    else if (/^[+-]/.test(word)) continue;
    else if (type && found.name !== undefined) add({ type });
    else found = { ...found, name: word };
  }
  return ok(found);
}

function readNslookup(words: readonly string[]): Result<Words, string> {
  const asked = words.flatMap((word) => typeOf(/^-(?:type|query|q)=(.+)$/.exec(word)?.[1] ?? '') ?? []);
  const [name, at] = words.filter((word) => !word.startsWith('-'));
  const server = at === undefined ? undefined : parseIp(at);
  if (server && !server.ok) return err(`nslookup here takes the address of a server: ${server.error}.`);
  const [type] = asked;
  const options: DnsOptions = { ...(type && { type }), ...(server?.ok && { server: server.value }) };
  return ok(name === undefined ? { options } : { name, options });
}

const typeOf = (word: string): DnsType | undefined => DNS_TYPES.find((type) => type === word.toUpperCase());

export function printNameCommand(program: NameTool, { dns = {} }: NonNullable<Probe['options']>, host: string): string {
  const { type, server, tcp, search } = dns;
  const words =
    program === 'nslookup'
      ? [type && `-type=${type}`, host, server]
      : [server && `@${server}`, parseIp(host).ok && '-x', host, type, search && '+search', tcp && '+tcp'];
  return [program, ...words.filter(Boolean)].join(' ');
}
