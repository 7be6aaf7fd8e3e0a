/**
 * The states of an SCTP association as IPVS sees it (`sctp_states`, net/netfilter/ipvs/ip_vs_proto_sctp.c), by the names that
 * /proc/net/ip_vs_conn prints: those that the chunks of the model lead to, when the client begins.
 */
import type { SctpChunk } from '../../wire/frame.ts';
import type { IpvsDirection } from './states.ts';

export type SctpState = 'NONE' | 'INIT1' | 'INIT' | 'C-SENT' | 'C-REPLIED' | 'ESTABLISHED' | 'REJECTED' | 'CLOSED';

type Row = Readonly<Partial<Record<SctpState, SctpState>>>;

const toAll = (state: SctpState): Row => ({
  NONE: state,
  INIT1: state,
  INIT: state,
  'C-SENT': state,
  'C-REPLIED': state,
});

/** A state that is not named stays; DATA and SACK are one event. */
const NEXT: Readonly<Record<IpvsDirection, Readonly<Partial<Record<SctpChunk, Row>>>>> = {
  request: {
    INIT: { NONE: 'INIT1', INIT1: 'INIT', REJECTED: 'INIT', CLOSED: 'INIT' },
    'COOKIE ECHO': { NONE: 'C-REPLIED', INIT1: 'INIT', 'C-SENT': 'C-REPLIED' },
    'COOKIE ACK': { NONE: 'ESTABLISHED' },
    DATA: { NONE: 'ESTABLISHED' },
    SACK: { NONE: 'ESTABLISHED' },
    ABORT: { ...toAll('CLOSED'), ESTABLISHED: 'CLOSED', REJECTED: 'CLOSED' },
  },
  reply: {
    'INIT ACK': { NONE: 'C-SENT', INIT1: 'C-SENT', INIT: 'C-SENT' },
    'COOKIE ACK': toAll('ESTABLISHED'),
    DATA: { NONE: 'ESTABLISHED' },
    SACK: { NONE: 'ESTABLISHED' },
    ABORT: { ...toAll('CLOSED'), INIT1: 'REJECTED', ESTABLISHED: 'CLOSED', REJECTED: 'CLOSED' },
  },
};

export const nextSctpState = (state: SctpState, chunk: SctpChunk, direction: IpvsDirection): SctpState =>
  NEXT[direction][chunk]?.[state] ?? state;

/** `sctp_timeouts`. */
const MAX_RTO_S = 61;
const FIRST_RTO_S = 4;

export const SCTP_TIMEOUT_S: Readonly<Record<SctpState, number>> = {
  NONE: 2,
  INIT1: FIRST_RTO_S,
  INIT: MAX_RTO_S,
  'C-SENT': MAX_RTO_S,
  'C-REPLIED': MAX_RTO_S,
  ESTABLISHED: 15 * 60,
  REJECTED: FIRST_RTO_S,
  CLOSED: MAX_RTO_S,
};
