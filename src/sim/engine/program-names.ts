/** What people would type to send such a probe; also how its packets say who sent them. */
export const PROGRAM_NAMES = {
  tcp: 'curl',
  udp: 'nc',
  sctp: 'ncat',
  icmp: 'ping',
  traceroute: 'traceroute',
  nslookup: 'nslookup',
  dig: 'dig',
} as const;
