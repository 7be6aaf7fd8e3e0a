/**
 * States of a connection as IPVS sees it, and how long each lasts without a packet (net/netfilter/ipvs/ip_vs_proto_{tcp,udp,sctp}.c). IPVS
 * watches the flags that pass in both directions; it is not the endpoint. SIMPLIFIED: no `secure_tcp` defence, so neither of its states.
 */
import type { PortProtocol, Sctp, Tcp, Udp } from '../../wire/frame.ts';
import { nextSctpState, SCTP_TIMEOUT_S, type SctpState } from './sctp-states.ts';

export type TcpState =
  | 'NONE'
  | 'ESTABLISHED'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'FIN_WAIT'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'CLOSE_WAIT'
  | 'LAST_ACK';

/** A state of TCP or SCTP belongs to the protocol of its connection. */
export type IpvsState = TcpState | SctpState | 'UDP';

export const firstState = (proto: PortProtocol): IpvsState => (proto === 'udp' ? 'UDP' : 'NONE');
/** From the client, or from the real server. */
export type IpvsDirection = 'request' | 'reply';

const NS_PER_S = 1_000_000_000;

const TIMEOUT_S: Readonly<Record<TcpState | 'UDP', number>> = {
  NONE: 2,
  ESTABLISHED: 15 * 60,
  SYN_SENT: 2 * 60,
  SYN_RECV: 60,
  FIN_WAIT: 2 * 60,
  TIME_WAIT: 2 * 60,
  CLOSE: 10,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  UDP: 5 * 60,
};

export const timeoutNs = (state: IpvsState): number =>
  (isTcpState(state) || state === 'UDP' ? TIMEOUT_S[state] : SCTP_TIMEOUT_S[state]) * NS_PER_S;

/** The two that both protocols have last equally long. */
const isTcpState = (state: IpvsState): state is TcpState => state !== 'UDP' && state in TIMEOUT_S;

/** Counted as ActiveConn; all others, and every UDP connection, as InActConn (`tcp_state_active_table`; SCTP counts ESTABLISHED). */
export const isActiveState = (state: IpvsState): boolean =>
  state === 'ESTABLISHED' || state === 'SYN_SENT' || state === 'SYN_RECV';

type Flag = 'syn' | 'fin' | 'ack' | 'rst';
type Row = Readonly<Record<TcpState, TcpState>>;

const row = (...[none, established, synSent, synRecv, finWait, timeWait, close, closeWait, lastAck]: Nine): Row => ({
  NONE: none,
  ESTABLISHED: established,
  SYN_SENT: synSent,
  SYN_RECV: synRecv,
  FIN_WAIT: finWait,
  TIME_WAIT: timeWait,
  CLOSE: close,
  CLOSE_WAIT: closeWait,
  LAST_ACK: lastAck,
});

type S = TcpState;
type Nine = [S, S, S, S, S, S, S, S, S];

const [ES, SS, SR] = ['ESTABLISHED', 'SYN_SENT', 'SYN_RECV'] as const;
const [FW, TW, CL, CW, LA] = ['FIN_WAIT', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK'] as const;

/** `tcp_states`: the column is the state before. */
const NEXT: Readonly<Record<IpvsDirection, Readonly<Record<Flag, Row>>>> = {
  request: {
    syn: row(SR, ES, ES, SR, SR, SR, SR, SR, SR),
    fin: row(CL, CW, SS, TW, TW, TW, CL, CW, LA),
    ack: row(ES, ES, SS, ES, FW, TW, CL, CW, CL),
    rst: row(CL, CL, CL, SR, CL, CL, CL, CL, LA),
  },
  reply: {
    syn: row(SS, ES, SS, SR, SS, SS, SS, SS, SS),
    fin: row(TW, FW, SS, TW, FW, TW, CL, TW, LA),
    ack: row(ES, ES, SS, ES, FW, TW, CL, CW, LA),
    rst: row(CL, CL, SS, CL, CL, TW, CL, CL, CL),
  },
};

export function nextState(state: IpvsState, l4: Tcp | Udp | Sctp, direction: IpvsDirection): IpvsState {
  if (l4.proto === 'udp' || state === 'UDP') return state;
  if (l4.proto === 'sctp') return nextSctpState(state as SctpState, l4.chunk, direction);
  const flag = flagOf(l4.flags);
  // A segment with none of the four flags ends in CLOSE.
  return flag === null || !isTcpState(state) ? 'CLOSE' : NEXT[direction][flag][state];
}

/** RST before SYN before FIN before ACK (`tcp_state_idx`). */
function flagOf(flags: string): Flag | null {
  if (flags.includes('R')) return 'rst';
  if (flags.includes('S')) return 'syn';
  if (flags.includes('F')) return 'fin';
  return flags.includes('A') ? 'ack' : null;
}
