/** Which endpoint a connection was sent to, read off the steps of its first packet. */

import type { Step } from '../linux/step.ts';
import { type IpPacket, innermost, isLaterFragment } from '../wire/frame.ts';

/** The step that chose: a translation by rule, by IPVS, or by an eBPF program. */
export type ChoiceStep = Extract<Step, { kind: 'nat' | 'ipvs' | 'bpf-nat' | 'bpf-sock' }>;

/** A load balancer before the node chooses first, but only the node: the last choice for the first packet counts. */
export function choiceOf(steps: readonly Step[]): ChoiceStep | undefined {
  const first = steps.find(isChoice);
  return first && (steps.findLast((step) => step.packet === first.packet && isChoice(step)) as ChoiceStep);
}

export const isChoice = (step: Step): step is ChoiceStep =>
  (step.kind === 'nat' && step.manip === 'dst' && step.cause === 'rule') ||
  (step.kind === 'ipvs' && step.role === 'request') ||
  (step.kind === 'bpf-nat' && step.cause === 'service') ||
  (step.kind === 'bpf-sock' && step.call !== 'recvmsg4');

/** `10.244.1.2:8080`; null where the first packet came to nobody. Without a translation it is what answered. */
export function chosenEndpoint(steps: readonly Step[]): string | null {
  const choice = choiceOf(steps);
  if (choice) return chosenBy(choice);
  const first = steps[0]?.packet;
  const delivered = steps.find((step) => step.kind === 'deliver' && step.to === 'socket' && step.packet === first);
  if (!delivered) return null;
  const packet = 'ttl' in delivered.frame ? delivered.frame : innermost(delivered.frame);
  return packet ? destinationText(packet) : null;
}

/** `10.244.1.2:8080`. */
export const chosenBy = (choice: ChoiceStep): string | null =>
  choice.kind === 'bpf-sock'
    ? choice.after && `${choice.after.ip}:${choice.after.port}`
    : destinationText(choice.after);

function destinationText({ dst, l4 }: IpPacket): string {
  const port = isLaterFragment(l4) || !('dport' in l4) ? '' : `:${l4.dport}`;
  return `${dst.includes(':') ? `[${dst}]` : dst}${port}`;
}
