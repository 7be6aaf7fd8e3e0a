/** What a resolver and a name server do with a name. */
import type { ResolvConf } from '../../kube/dns/resolv-conf.ts';
import { printResolvConf } from '../../kube/dns/resolv-conf.ts';
import type { NameError } from '../../linux/servers/events.ts';
import type { DnsMessage } from '../../wire/dns.ts';
import { recordData } from '../../wire/print-dns.ts';
import { candidatesOf, dotsIn } from '../names/candidates.ts';
import { resolvConfAt } from '../names/resolv-conf-at.ts';
import { resolverOptions } from '../names/resolver-options.ts';
import type { Evidence } from './explanation.ts';
import { serviceName } from './names.ts';
import type { Scene, StepOf, Told } from './scene.ts';
import { inside } from './where.ts';

type NameStep = StepOf<'name-query' | 'name-answer' | 'name-silence' | 'name-result' | 'name-server'>;

export function explainName(scene: Scene<NameStep>): Told {
  const { step } = scene;
  switch (step.kind) {
    case 'name-query':
      return explainQuery({ ...scene, step });
    case 'name-answer':
      return explainAnswer({ ...scene, step });
    case 'name-silence':
      return explainSilence({ ...scene, step });
    case 'name-result':
      return explainResult({ ...scene, step });
    case 'name-server':
      return explainServer({ ...scene, step });
  }
}

const NAME_FILE = '/etc/resolv.conf';

/** `/etc/resolv.conf` of whoever sends the probe, with the line that decides. */
function confEvidence(
  scene: Scene<NameStep>,
  conf: ResolvConf,
  keyword: 'search' | 'nameserver' | 'options',
): Evidence {
  const lines = printResolvConf(conf);
  const at = lines.findIndex((line) => line.startsWith(keyword));
  return {
    title: `The resolver of ${scene.here}`,
    command: inside(scene.names, scene.step.ns, `cat ${NAME_FILE}`),
    lines,
    highlight: at < 0 ? null : at,
    firstLine: 1,
  };
}

const list = (items: readonly string[]): string => items.join(' and ');
/** Without the dot at its end, so that a sentence may go on. */
const bare = (name: string): string => (name === '.' ? name : name.replace(/\.$/, ''));

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

function explainQuery(scene: Scene<StepOf<'name-query'>>): Told {
  const { step, world, trace, here } = scene;
  const { name, query, server, candidate, candidates, attempt } = step;
  const conf = resolvConfAt(world.cluster, trace.probe.from, step.ns);
  const options = resolverOptions(conf);
  const isSearched = candidatesOf(name, options)[candidate - 1]?.domain !== null;
  const service = scene.names.service(server);
  const to = service ? `${server} (${serviceName(service)})` : server;
  const sentences = [
    whyThisName(scene, options.ndots, isSearched),
    `It asks ${to} for ${bare(query)}.`,
    attempt > 1 ? `Nothing came back before, so it asks again: attempt ${attempt} of ${options.attempts}.` : '',
    howAsked(step),
  ];
  return {
    title: `${here} asks for ${bare(query)}`,
    sentence: sentences.filter(Boolean).join(' '),
    evidence: [confEvidence(scene, conf, isSearched ? 'search' : 'nameserver')],
    counts: `name ${candidate} of ${candidates}`,
    checks: [inside(scene.names, step.ns, `nslookup ${name}`), inside(scene.names, step.ns, `cat ${NAME_FILE}`)],
  };
}

function howAsked({ oneByOne, types }: StepOf<'name-query'>): string {
  if (oneByOne) return 'It now asks one question at a time, because of two only one was answered.';
  return types.length > 1 ? `Both questions, ${list(types)}, leave from one socket at once.` : '';
}

function whyThisName({ step }: Scene<StepOf<'name-query'>>, ndots: number, isSearched: boolean): string {
  const { name, candidate, candidates } = step;
  const dots = count(dotsIn(name), 'dot');
  if (name.endsWith('.')) return `${name} ends with a dot: it is a whole name, and the search list is not used.`;
  if (candidates === 1) return `There is no search list, so ${name} is asked for as it is.`;
  const few = dotsIn(name) < ndots;
  const rule = few
    ? `ndots:${ndots}: ${name} has ${dots}, fewer than ${ndots}`
    : `ndots:${ndots}: ${name} has ${dots}, which is enough`;
  if (candidate === 1)
    return few
      ? `${rule}, so the names that the search list makes of it are tried first.`
      : `${rule}, so it is first tried as it is.`;
  if (!isSearched) return `No name of the search list led to an answer: ${name} is tried as it is.`;
  return `The name before did not lead to an answer: the next entry of the search list is tried.`;
}

const isFound = ({ rcode, answers }: DnsMessage): boolean => rcode === 'NOERROR' && answers.length > 0;

function explainAnswer(scene: Scene<StepOf<'name-answer'>>): Told {
  const { step } = scene;
  const { query, messages } = step;
  const found = messages.filter(isFound);
  const base = { checks: [inside(scene.names, step.ns, `dig ${query} ${messages[0]?.question.type ?? 'A'}`)] };
  if (found.length > 0) {
    const told = list(found.map(({ answers }) => answers.map((one) => `${one.type} ${recordData(one)}`).join(', ')));
    const missing = messages.filter((message) => !isFound(message)).map(({ question }) => question.type);
    const without =
      missing.length > 0 ? ` There is no ${list(missing)} record of that name, which is no mistake (NODATA).` : '';
    return { ...base, title: `${bare(query)}: ${told}`, sentence: `${bare(query)} has an answer: ${told}.${without}` };
  }
  const rcode = messages.find((message) => message.rcode !== 'NOERROR')?.rcode;
  if (rcode === 'NXDOMAIN')
    return {
      ...base,
      title: `${bare(query)}: NXDOMAIN`,
      sentence: `No such name, says the name server: NXDOMAIN for ${bare(query)}. The resolver goes on to its next name, if there is one.`,
    };
  if (rcode === undefined)
    return {
      ...base,
      title: `${bare(query)}: no address`,
      sentence: `${bare(query)} is there, but has no address (NODATA: no error, and no answer).`,
    };
  return {
    ...base,
    title: `${bare(query)}: ${rcode}`,
    sentence: `The name server says ${rcode} for ${bare(query)}: it cannot tell. The resolver tries the next server, or asks again.`,
  };
}

function explainSilence(scene: Scene<StepOf<'name-silence'>>): Told {
  const { query, server, waitedMs, errno, heard } = scene.step;
  const conf = resolvConfAt(scene.world.cluster, scene.trace.probe.from, scene.step.ns);
  const evidence = [confEvidence(scene, conf, 'options')];
  if (errno !== undefined)
    return {
      title: `${server} is refused`,
      sentence: `The question for ${bare(query)} comes back as an error (${errno}): the resolver does not wait, and asks the next server, or again.`,
      evidence,
    };
  const seconds = waitedMs / 1000;
  const only = heard ? ` Only ${list(heard)} was answered.` : '';
  return {
    title: `${count(seconds, 'second')} without an answer`,
    sentence: `${server} did not answer for ${bare(query)} within ${count(seconds, 'second')}: the program stood still all that time.${only}`,
    evidence,
  };
}

/** `gai_strerror` of glibc 2.42. */
export const NAME_ERRORS: Readonly<Record<NameError, string>> = {
  EAI_NONAME: 'Name or service not known',
  EAI_NODATA: 'No address associated with hostname',
  EAI_AGAIN: 'Temporary failure in name resolution',
  EAI_FAIL: 'Non-recoverable failure in name resolution',
};

function explainResult({ step, here, names }: Scene<StepOf<'name-result'>>): Told {
  const { name, addresses, error } = step;
  if (error !== null)
    return {
      title: `${name}: ${NAME_ERRORS[error]}`,
      sentence: `The resolver tells the program on ${here} that ${name} leads to no address (${error}): ${NAME_ERRORS[error]}. Nothing more is sent.`,
    };
  const [first = '', ...others] = addresses;
  const service = addresses[0] && names.service(addresses[0]);
  const whose = service
    ? `the ClusterIP of ${serviceName(service)}: one address for all its endpoints`
    : `the address of ${addresses[0] ? names.ip(addresses[0]) : 'nobody'}`;
  const more =
    others.length > 0
      ? ` Of ${count(addresses.length, 'address').replace('addresss', 'addresses')} it takes the first.`
      : '';
  return {
    title: `${name} is ${first}`,
    sentence: `The program on ${here} now knows ${name}: ${first}, ${whose}.${more} What follows is sent to that address; the name is in no packet's header.`,
  };
}

function explainServer({ step, here }: Scene<StepOf<'name-server'>>): Told {
  const { program, part, question, what } = step;
  const who = part === '' ? `The ${program} ${here}` : `${program} on ${here}`;
  const plugin = part === '' ? '' : ` (plugin ${part})`;
  return {
    title: `${who}${plugin}: ${question.type} ${bare(question.name)}`,
    sentence: `${who}${plugin} is asked for ${question.type} ${bare(question.name)}: ${what}.`,
  };
}
