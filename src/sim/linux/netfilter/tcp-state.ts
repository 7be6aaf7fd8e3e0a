/**
 * The TCP states of conntrack, as far as flags alone decide (tcp_conntracks, net/netfilter/nf_conntrack_proto_tcp.c).
 * SIMPLIFIED: no windows, so segments out of the window are never INVALID.
 */
export type TcpState =
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'ESTABLISHED'
  | 'FIN_WAIT'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'TIME_WAIT'
  | 'CLOSE';

type Kind = 'syn' | 'synack' | 'fin' | 'ack' | 'rst';
type Row = Readonly<Partial<Record<TcpState, TcpState | 'INVALID'>>>;

const ORIGINAL: Readonly<Record<Kind, Row>> = {
  syn: { ESTABLISHED: 'ESTABLISHED', TIME_WAIT: 'SYN_SENT', CLOSE: 'SYN_SENT', SYN_SENT: 'SYN_SENT' },
  synack: { SYN_SENT: 'INVALID', SYN_RECV: 'SYN_RECV' },
  fin: {
    SYN_SENT: 'INVALID',
    SYN_RECV: 'FIN_WAIT',
    ESTABLISHED: 'FIN_WAIT',
    FIN_WAIT: 'LAST_ACK',
    CLOSE_WAIT: 'LAST_ACK',
  },
  ack: { SYN_SENT: 'INVALID', SYN_RECV: 'ESTABLISHED', FIN_WAIT: 'CLOSE_WAIT', LAST_ACK: 'TIME_WAIT' },
  rst: {},
};

const REPLY: Readonly<Record<Kind, Row>> = {
  syn: { SYN_SENT: 'SYN_SENT' },
  synack: { SYN_SENT: 'SYN_RECV' },
  fin: {
    SYN_SENT: 'INVALID',
    SYN_RECV: 'FIN_WAIT',
    ESTABLISHED: 'FIN_WAIT',
    FIN_WAIT: 'LAST_ACK',
    CLOSE_WAIT: 'LAST_ACK',
  },
  ack: { SYN_SENT: 'INVALID', FIN_WAIT: 'CLOSE_WAIT', LAST_ACK: 'TIME_WAIT' },
  rst: {},
};

/** The state after a segment; for a first segment `before` is undefined. */
export function nextTcpState(
  before: TcpState | undefined,
  flags: string,
  dir: 'original' | 'reply',
): TcpState | 'INVALID' {
  const kind = kindOf(flags);
  if (!kind) return 'INVALID';
  if (before === undefined) return kind === 'syn' ? 'SYN_SENT' : kind === 'ack' ? 'ESTABLISHED' : 'INVALID';
  if (kind === 'rst') return 'CLOSE';
  return (dir === 'original' ? ORIGINAL : REPLY)[kind][before] ?? before;
}

function kindOf(flags: string): Kind | undefined {
  if (flags.includes('R')) return 'rst';
  if (flags.includes('S')) return flags.includes('A') ? 'synack' : 'syn';
  if (flags.includes('F')) return 'fin';
  return flags.includes('A') ? 'ack' : undefined;
}
