/** Ports of a rule in one line: `TCP 80, UDP 53, TCP 8000-8100, TCP http`. A protocol alone is all of its ports. */
import { err, ok, type Result } from '../../sim/base/result.ts';
import type { NetworkPolicyPort, Protocol } from '../../sim/kube/policy-objects.ts';

export const printPorts = (ports: readonly NetworkPolicyPort[]): string => ports.map(printPort).join(', ');

function printPort({ protocol = 'TCP', port, endPort }: NetworkPolicyPort): string {
  if (port === undefined) return protocol;
  return `${protocol} ${port}${endPort === undefined ? '' : `-${endPort}`}`;
}

const WORDS =
  /^(?:(TCP|UDP|SCTP)\b\s*\/?\s*)?(?:(\d+)(?:\s*-\s*(\d+))?|([A-Za-z][\w-]*))?(?:\s*\/\s*(TCP|UDP|SCTP))?$/i;

/** Whether a number is a port is for the API server to say. */
export function parsePorts(text: string): Result<readonly NetworkPolicyPort[], string> {
  const ports: NetworkPolicyPort[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue;
    const words = WORDS.exec(part);
    if (!words) return err(`"${part}" is no port: write TCP 80, UDP 53, TCP 8000-8100 or a port's name.`);
    const [, before, from, to, name, after] = words;
    const protocol = (before ?? after)?.toUpperCase() as Protocol | undefined;
    ports.push({
      ...(protocol === undefined || protocol === 'TCP' ? {} : { protocol }),
      ...(from === undefined ? {} : { port: Number(from) }),
      ...(name === undefined ? {} : { port: name }),
      ...(to === undefined ? {} : { endPort: Number(to) }),
    });
  }
  return ok(ports);
}
