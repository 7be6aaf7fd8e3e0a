import type { BpfProgram } from '../../../../linux/bpf/program.ts';
import { FROM_CONTAINER } from './from-container.ts';
import { FROM_HOST, FROM_NETDEV, TO_HOST, TO_NETDEV } from './host.ts';
import { FROM_OVERLAY, TO_OVERLAY } from './overlay.ts';
import { CONNECT4, RECVMSG4, SENDMSG4 } from './sock.ts';
import { LXC_POLICY, TO_CONTAINER } from './to-container.ts';

export const CILIUM_PROGRAMS: readonly BpfProgram[] = [
  FROM_CONTAINER,
  TO_CONTAINER,
  LXC_POLICY,
  FROM_NETDEV,
  TO_NETDEV,
  FROM_HOST,
  TO_HOST,
  FROM_OVERLAY,
  TO_OVERLAY,
  CONNECT4,
  SENDMSG4,
  RECVMSG4,
];
