import { describe, expect, it } from 'vitest';
import { listeningOf } from './listening.ts';
import type { ContainerObject, WorkloadObject } from './objects.ts';

const container = (name: string, ...ports: (number | string)[]): ContainerObject => ({
  name,
  ports: ports.map((port) => {
    const [number, protocol] = String(port).split('/');
    return { containerPort: Number(number), ...(protocol === 'UDP' || protocol === 'SCTP' ? { protocol } : {}) };
  }),
});
const sidecar = (name: string, ...ports: (number | string)[]): ContainerObject => ({
  ...container(name, ...ports),
  restartPolicy: 'Always',
});

interface Row {
  readonly init?: readonly ContainerObject[];
  readonly containers: readonly ContainerObject[];
  /** `name state` of each container. */
  readonly states: readonly string[];
  /** `proto port program`. */
  readonly listens: readonly string[];
  readonly notes?: readonly string[];
}

const TAKEN = 'listen tcp :80: bind: address already in use (container web of the same pod has the port)';

const rows: Readonly<Record<string, Row>> = {
  'two programs on two ports': {
    containers: [container('web', 80), container('metrics', 9100)],
    states: ['web Running', 'metrics Running'],
    listens: ['tcp 80 web', 'tcp 9100 metrics'],
  },
  'the same port twice: the second program ends, and all its ports with it': {
    containers: [container('web', 80), container('proxy', 15001, 80)],
    states: ['web Running', 'proxy CrashLoopBackOff'],
    listens: ['tcp 80 web'],
    notes: [`container proxy: CrashLoopBackOff: ${TAKEN}`],
  },
  'what the second program did not get is free for a third': {
    containers: [container('web', 80), container('proxy', 15001, 80), container('other', 15001)],
    states: ['web Running', 'proxy CrashLoopBackOff', 'other Running'],
    listens: ['tcp 80 web', 'tcp 15001 other'],
    notes: [`container proxy: CrashLoopBackOff: ${TAKEN}`],
  },
  'the same number of another protocol is another port': {
    containers: [container('dns', '53/UDP'), container('dns-tcp', 53)],
    states: ['dns Running', 'dns-tcp Running'],
    listens: ['udp 53 dns', 'tcp 53 dns-tcp'],
  },
  'one program that declares a port twice binds it once': {
    containers: [container('web', 80, 80)],
    states: ['web Running'],
    listens: ['tcp 80 web'],
  },
  'an init container has ended and left its port': {
    init: [container('migrate', 80)],
    containers: [container('web', 80)],
    states: ['migrate Completed', 'web Running'],
    listens: ['tcp 80 web'],
  },
  'a sidecar has the port before the containers': {
    init: [sidecar('web', 80)],
    containers: [container('app', 80), container('metrics', 9100)],
    states: ['web Running', 'app CrashLoopBackOff', 'metrics Running'],
    listens: ['tcp 9100 metrics', 'tcp 80 web'],
    notes: [`container app: CrashLoopBackOff: ${TAKEN}`],
  },
  'an init container after the sidecar on its port: nothing else is started': {
    init: [sidecar('web', 80), container('migrate', 80)],
    containers: [container('app', 8080)],
    states: ['web Running', 'migrate CrashLoopBackOff', 'app PodInitializing'],
    listens: ['tcp 80 web'],
    notes: [
      `container migrate: Init:CrashLoopBackOff: ${TAKEN.slice(0, -1)}; the containers after it are not started)`,
    ],
  },
  'SCTP is one more protocol': {
    containers: [container('m3ua', '2905/SCTP'), container('m2pa', 2905)],
    states: ['m3ua Running', 'm2pa Running'],
    listens: ['sctp 2905 m3ua', 'tcp 2905 m2pa'],
  },
};

describe('programs of one pod share its ports', () => {
  it.each(Object.entries(rows))('%s', (_name, { init, containers, states, listens, notes = [] }) => {
    const workload: WorkloadObject = {
      kind: 'Pod',
      namespace: 'default',
      name: 'web',
      labels: {},
      containers,
      ...(init && { initContainers: init }),
    };
    const found = listeningOf('Pod default/web', workload, []);
    expect(found.containers.map(({ name, state }) => `${name} ${state}`)).toEqual(states);
    expect(found.listens.map(({ proto, port, program }) => `${proto} ${port} ${program}`)).toEqual(listens);
    expect(found.notes.map(({ text }) => text)).toEqual(notes);
  });
});
