/**
 * The SCTP states of conntrack (sctp_conntracks, net/netfilter/nf_conntrack_proto_sctp.c), for the chunks that the model sends; observed
 * with raw packets through a DNAT on Linux 6.18.
 * SIMPLIFIED: no verification tags, so no packet with a foreign one is INVALID.
 */
import type { SctpChunk } from '../../wire/frame.ts';

export type SctpState = 'CLOSED' | 'COOKIE_WAIT' | 'COOKIE_ECHOED' | 'ESTABLISHED';

type Row = Readonly<Partial<Record<SctpState, SctpState>>>;

/** What a chunk does in both directions; a state that is not named stays. */
const NEXT: Readonly<Partial<Record<SctpChunk, Row>>> = {
  ABORT: { COOKIE_WAIT: 'CLOSED', COOKIE_ECHOED: 'CLOSED', ESTABLISHED: 'CLOSED' },
  'COOKIE ECHO': { COOKIE_WAIT: 'COOKIE_ECHOED' },
  'COOKIE ACK': { COOKIE_ECHOED: 'ESTABLISHED' },
};

/** The state after a packet; for a first packet `before` is undefined. */
export function nextSctpState(before: SctpState | undefined, chunk: SctpChunk, dir: 'original' | 'reply'): SctpState {
  if (before === undefined) return 'CLOSED';
  // INIT alone is nothing yet: its answer begins the association.
  if (before === 'CLOSED' && chunk === 'INIT ACK' && dir === 'reply') return 'COOKIE_WAIT';
  return NEXT[chunk]?.[before] ?? before;
}
