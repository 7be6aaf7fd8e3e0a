/** The verdict on a program that was given a name and found no address. */
import { indexOf } from '../../kube/cluster-index.ts';
import { CLUSTER_DOMAIN } from '../../kube/dns/cluster-dns.ts';
import type { NameError } from '../../linux/servers/events.ts';
import type { Step } from '../../linux/step.ts';
import type { Probe, ProbeFrom } from '../../scenario/probe.ts';
import { DNS_PORT } from '../../wire/dns.ts';
import { dotsIn } from '../names/candidates.ts';
import type { LookedUp } from '../names/look-up.ts';
import { resolvConfAt } from '../names/resolv-conf-at.ts';
import type { ProgramResult } from '../program-result.ts';
import type { Verdict } from '../trace.ts';
import type { World } from '../world.ts';
import { NAME_ERRORS } from './explain-names.ts';
import type { StepOf } from './scene.ts';
import { verdictOf } from './verdict.ts';

export function unresolvedVerdict(
  world: World,
  probe: Probe,
  { name, error }: LookedUp,
  steps: readonly Step[],
): Verdict {
  const base = { outcome: 'unresolved', good: false, printed: printed(probe, name, error ?? 'EAI_NONAME') } as const;
  const silence = steps.find((step) => step.kind === 'name-silence');
  if (error === 'EAI_AGAIN' && silence?.kind === 'name-silence')
    return { ...base, ...unheardServer(world, probe, name, silence, steps) };
  const last = steps.findLast((step) => step.kind === 'name-answer')?.i ?? null;
  if (error === 'EAI_AGAIN')
    return {
      ...base,
      sentence: `Not looked up: the name server cannot tell what ${name} is (SERVFAIL), most likely because it does not hear from the one that it asks itself.`,
      remedy: 'Look whether CoreDNS reaches the servers of its own /etc/resolv.conf.',
      step: last,
    };
  const otherFamily = ofOtherFamily(world, probe);
  if (otherFamily) return { ...base, ...otherFamily, step: last };
  return { ...base, ...missingName(world, probe, name, error, steps), step: last };
}

/** A Service is of one family unless it says otherwise, also where the cluster has two. */
function ofOtherFamily({ cluster }: World, { to, options }: Probe): Pick<Verdict, 'sentence' | 'remedy'> | null {
  const asked = options?.family;
  const service = to.kind === 'service' && asked ? indexOf(cluster).service(to.ref) : undefined;
  const has = service?.ipFamilies ?? [];
  if (!service || !asked || has.length === 0 || has.includes(asked)) return null;
  const record = asked === 'IPv6' ? 'AAAA' : 'A';
  const ref = `${service.namespace}/${service.name}`;
  return {
    sentence: `No ${asked} address: Service ${ref} is of ${has.join(' and ')} alone, so its name has no ${record} record.`,
    remedy: `Give Service ${ref} both families: ipFamilyPolicy: PreferDualStack in its spec.`,
  };
}

/**
 * No server was heard: what became of the question is told as of any datagram.
 */
export function unheardServer(
  world: World,
  probe: Probe,
  name: string,
  silence: StepOf<'name-silence'>,
  steps: readonly Step[],
): Pick<Verdict, 'sentence' | 'remedy' | 'step' | 'reason' | 'culprit'> {
  const { server, errno, waitedMs } = silence;
  const told = steps.findLast(
    (step) => step.i < silence.i && step.kind === 'deliver' && step.packet === silence.packet,
  );
  const outcome = errno === undefined ? 'timeout' : errno === 'ECONNREFUSED' ? 'refused' : 'host-unreachable';
  const result: ProgramResult = {
    outcome,
    ...(errno === undefined ? {} : { errno }),
    clientIp: null,
    atStep: errno === undefined ? null : (told?.i ?? silence.i - 1),
  };
  const question: Probe = { from: probe.from, to: { kind: 'ip', ip: server }, proto: 'udp', port: DNS_PORT };
  const {
    sentence,
    outcome: _,
    good: __,
    printed: ___,
    ...rest
  } = verdictOf(result, steps.slice(0, silence.i), world, question);
  const waits = steps.filter((step) => step.kind === 'name-silence' && step.errno === undefined).length;
  const waited =
    waits > 0 ? ` Each question waited ${waitedMs / 1000} seconds: ${(waits * waitedMs) / 1000} in all.` : '';
  const isPolicy = rest.culprit?.origin?.for?.includes('NetworkPolicy') === true || / NetworkPolicy /.test(sentence);
  const open = isPolicy ? { remedy: `${rest.remedy ?? ''} Names need UDP and TCP port 53 to kube-dns.`.trim() } : {};
  return {
    ...rest,
    ...open,
    sentence: `Not looked up: ${name} has no address, because no name server was heard. ${sentence}${waited}`,
  };
}

export function missingName(
  world: World,
  probe: Probe,
  name: string,
  error: NameError | null,
  steps: readonly Step[],
): Pick<Verdict, 'sentence' | 'remedy'> {
  const queries = new Set(steps.flatMap((step) => (step.kind === 'name-query' ? [step.query] : [])));
  const tried = queries.size > 1 ? `all ${queries.size} names that the search list makes of it` : [...queries][0];
  const what = error === 'EAI_NODATA' ? 'there is no address of that name' : 'there is no such name (NXDOMAIN)';
  const hint = hintFor(world, probe.from, name);
  return {
    sentence: `Unknown name: ${name} was looked up, and for ${tried} the answer is that ${what}.${hint ? ` ${hint.why}` : ''}`,
    remedy: hint?.remedy ?? `Create what is to be called ${name}, or use another name.`,
  };
}

interface Hint {
  readonly why: string;
  readonly remedy: string;
}

/** The Service that was most likely meant, and why its name was not found from here. */
function hintFor(world: World, from: ProbeFrom, name: string): Hint | null {
  const { cluster } = world;
  const [first = '', second] = name.replace(/\.$/, '').split('.');
  const near = from.kind === 'pod' ? (from.ref.split('/')[0] ?? '') : null;
  const exact = second === undefined ? undefined : indexOf(cluster).service(`${second}/${first}`);
  const meant = exact ?? cluster.services.find((service) => service.name === first);
  if (!meant) return null;
  const full = `${meant.name}.${meant.namespace}.svc.${CLUSTER_DOMAIN.slice(0, -1)}`;
  const conf = resolvConfAt(cluster, from, from.ref);
  const ref = `${meant.namespace}/${meant.name}`;
  if (!conf.search.some((domain) => domain.endsWith(CLUSTER_DOMAIN.slice(0, -1))))
    return {
      why: `Service ${ref} is there, but ${from.ref} asks ${conf.nameservers.join(' and ')}, which knows nothing of the cluster.`,
      remedy:
        from.kind === 'pod'
          ? 'Set dnsPolicy: ClusterFirst (with hostNetwork: ClusterFirstWithHostNet), so that the pod asks the cluster.'
          : `Use an address: names of Services are known inside the cluster only.`,
    };
  if (meant.clusterIP === 'None' && exact !== undefined)
    return {
      why: `Service ${ref} is headless and has no ready pod, so its name leads nowhere.`,
      remedy: `Make a pod of Service ${ref} ready.`,
    };
  if (meant.namespace === near && dotsIn(name) === 0) return null;
  return {
    why: `There is a Service ${meant.name} in namespace ${meant.namespace}.`,
    remedy: `Write ${meant.name}.${meant.namespace}, or in full ${full}.`,
  };
}

const PORT_PROGRAMS: Partial<Record<Probe['proto'], (name: string, port: number, why: string) => string>> = {
  udp: (name, port, why) => `nc: getaddrinfo for host "${name}" port ${port}: ${why}`,
  sctp: (name, _port, why) => `Ncat: Could not resolve hostname "${name}": ${why}. QUITTING.`,
  ping: (name, _port, why) => `ping: ${name}: ${why}`,
  traceroute: (name, _port, why) =>
    `${name}: ${why}\nCannot handle "host" cmdline arg \`${name}' on position 1 (argc 1)`,
};

/** curl 7.81 says the same of every error; the others print getaddrinfo's text. */
function printed({ proto, port = 0, options }: Probe, name: string, error: NameError): string {
  const program = proto === 'tcp' && options?.handshakeOnly ? PORT_PROGRAMS.udp : PORT_PROGRAMS[proto];
  return program?.(name, port, NAME_ERRORS[error]) ?? `curl: (6) Could not resolve host: ${name}`;
}
